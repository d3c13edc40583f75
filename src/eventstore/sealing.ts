// A body is sealed before it is stored: AES-256-GCM (NIST SP 800-38D), a random 96-bit nonce each time, and the place it
// belongs to as additional data, so that a sealed body cannot be moved to another message.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A sealed body as it stands in the log. `key` names the content key; it never contains it. */
export interface Sealed {
  readonly key: string
  /** Base64: 12 bytes of nonce, the ciphertext, 16 bytes of tag. */
  readonly box: string
}

const nonceBytes = 12
const tagBytes = 16

/** Gives nonces out of random bytes that are drawn many at a time: a draw takes 1.5 µs, whatever it brings. Each is given once. */
export function drawNonces(atATime = 256): () => Buffer {
  let drawn = Buffer.alloc(0)
  let used = 0
  return () => {
    if (used === drawn.length) {
      drawn = randomBytes(atATime * nonceBytes)
      used = 0
    }
    return drawn.subarray(used, (used += nonceBytes))
  }
}

/** Nonce, ciphertext and tag of some bytes, bound to a place. The key has 32 bytes; a nonce is never used twice. */
export function sealBytes(bytes: Buffer, key: Buffer, place: string, nonce: Buffer = randomBytes(nonceBytes)): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
  const ciphertext = cipher.update(bytes)
  cipher.final() // makes the tag; in this mode no bytes are left for it
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()])
}

/** The bytes again. Throws where key, place or bytes are not those they were sealed with. */
export function openBytes(box: Buffer, key: Buffer, place: string): Buffer {
  if (box.length < nonceBytes + tagBytes)
    throw new Error(`what was sealed for ${place} has ${box.length} bytes; the least is ${nonceBytes + tagBytes}`)
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, nonceBytes))
    .setAAD(Buffer.from(place))
    .setAuthTag(box.subarray(box.length - tagBytes))
  const bytes = decipher.update(box.subarray(nonceBytes, box.length - tagBytes))
  decipher.final() // proves the tag; in this mode no bytes are left for it
  return bytes
}

const placeOf = (conversation: string, message: string) => `${conversation}/${message}`

/** Where a medium's grant is sealed: in the message that names it, and nowhere else in that message. */
export const grantPlace = (message: string, media: string): string => `${message}/${media}`

/** Seals a message's text. */
export const seal = (
  text: string,
  key: Buffer,
  keyId: string,
  conversation: string,
  message: string,
  nonce?: Buffer,
): Sealed => ({
  key: keyId,
  box: sealBytes(Buffer.from(text), key, placeOf(conversation, message), nonce).toString('base64'),
})

/** A message's text again; throws as `openBytes` does. */
export const open = (sealed: Sealed, key: Buffer, conversation: string, message: string): string =>
  openBytes(Buffer.from(sealed.box, 'base64'), key, placeOf(conversation, message)).toString()
