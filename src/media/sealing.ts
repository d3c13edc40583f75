// Bytes sealed in pieces, so that they are written and read as streams: the STREAM construction (Hoang, Reyhanitabar,
// Rogaway, Vizár 2015; as in age and Tink) over AES-256-GCM. A random salt begins it and makes, with the secret, a key that
// seals nothing else; then come pieces of 64 KiB, each sealed by itself. A piece's nonce is its number and whether it is the
// last: none can be changed, moved, left out or added.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const saltBytes = 16
const pieceBytes = 64 * 1024
const tagBytes = 16

type Bytes = AsyncIterable<Buffer> | Iterable<Buffer>

/** `what` is what is sealed: one thing does not open as another. */
const keyOf = (secret: Buffer, salt: Buffer, what: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, salt, `verbatim media ${what}`, 32))

/** The size of what was sealed, from what it became. */
export function openSize(sealed: number): number {
  const rest = sealed - saltBytes
  return rest - tagBytes * Math.max(1, Math.ceil(rest / (pieceBytes + tagBytes)))
}

function nonceOf(piece: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(piece, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

/** Seals as it reads. The secret has 32 bytes. */
export async function* sealed(source: Bytes, secret: Buffer, what: string): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes)
  const key = keyOf(secret, salt, what)
  yield salt
  for await (const { bytes, number, last } of pieces(source, pieceBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last))
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
}

/** What was sealed. Throws before it gives a byte that is not, or instead of an end that is not its end. */
export async function* opened(source: Bytes, secret: Buffer, what: string): AsyncGenerator<Buffer> {
  const [salt, rest] = await begun(source, saltBytes)
  const key = keyOf(secret, salt, what)
  for await (const { bytes, number, last } of pieces(rest, pieceBytes + tagBytes)) {
    if (bytes.length < tagBytes) throw new Error(`piece ${number} has ${bytes.length} bytes, fewer than its tag alone`)
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: tagBytes })
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
    yield Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final()])
  }
}

/** The same bytes in pieces of one size, of which the last may be smaller; at least one. */
async function* pieces(source: Bytes, size: number) {
  let number = 0
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const chunk of source) {
    held.push(chunk)
    heldBytes += chunk.length
    if (heldBytes <= size) continue // whether it is the last is known when there is more
    let all = Buffer.concat(held)
    for (; all.length > size; all = all.subarray(size))
      yield { bytes: all.subarray(0, size), number: number++, last: false }
    held = [all]
    heldBytes = all.length
  }
  yield { bytes: Buffer.concat(held), number, last: true }
}

/** The first bytes, and the others. */
async function begun(source: Bytes, size: number): Promise<[Buffer, AsyncGenerator<Buffer>]> {
  const all = (async function* () {
    yield* source
  })()
  let head = Buffer.alloc(0)
  while (head.length < size) {
    const { value, done } = await all.next()
    if (done) throw new Error(`there are ${head.length} bytes, fewer than the salt alone`)
    head = Buffer.concat([head, value])
  }
  const others = async function* () {
    try {
      yield head.subarray(size)
      yield* all
    } finally {
      await all.return(undefined) // also where reading ends before it began
    }
  }
  return [head.subarray(0, size), others()]
}
