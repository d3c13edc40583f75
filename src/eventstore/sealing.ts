// A body is sealed before it is stored: AES-256-GCM (NIST SP 800-38D), a random 96-bit nonce for each message, the message's
// place as additional data, so that a sealed body cannot be moved to another message.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A sealed body as it stands in the log. `key` names the content key; it never contains it. */
export interface Sealed {
  readonly key: string
  /** Base64: 12 bytes of nonce, the ciphertext, 16 bytes of tag. */
  readonly box: string
}

const nonceBytes = 12
const tagBytes = 16

/** Seals UTF-8 text with a 32-byte key. */
export function seal(text: string, key: Buffer, keyId: string, conversation: string, message: string): Sealed {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`${conversation}/${message}`))
  const box = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return { key: keyId, box: box.toString('base64') }
}

/** The text again. Throws where key, place or bytes are not those it was sealed with. */
export function open(sealed: Sealed, key: Buffer, conversation: string, message: string): string {
  const box = Buffer.from(sealed.box, 'base64')
  if (box.length < nonceBytes + tagBytes)
    throw new Error(`sealed body of message ${message} has ${box.length} bytes; the least is ${nonceBytes + tagBytes}`)
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, nonceBytes))
    .setAAD(Buffer.from(`${conversation}/${message}`))
    .setAuthTag(box.subarray(box.length - tagBytes))
  return decipher.update(box.subarray(nonceBytes, box.length - tagBytes), undefined, 'utf8') + decipher.final('utf8')
}
