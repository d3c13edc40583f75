// gRPC's length-prefixed messages: one byte of flags, four of length, then the message.
import { copyAll, lengthOf } from './writer.ts'

export const FRAME_HEADER = 5

/** A server's limit for one message: the largest batch the official client sends is 3 MiB, the real server takes 16. */
const LONGEST = 16 * 1024 * 1024

export class FrameRefused extends Error {}

export const frame = (...parts: Buffer[]): Buffer => {
  const length = lengthOf(parts)
  const bytes = Buffer.allocUnsafe(FRAME_HEADER + length)
  bytes[0] = 0
  bytes.writeUInt32BE(length, 1)
  copyAll(parts, bytes, FRAME_HEADER)
  return bytes
}

/** Cuts what arrives into messages, at most `longest` bytes each; keeps the rest for the next chunk. */
export const frameCutter = (
  onMessage: (message: Buffer) => void,
  longest: number = LONGEST,
): ((chunk: Buffer) => void) => {
  let held: Buffer[] = []
  let heldLength = 0
  let wanted = FRAME_HEADER
  return chunk => {
    held.push(chunk)
    heldLength += chunk.length
    if (heldLength < wanted) return
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldLength)
    let at = 0
    for (;;) {
      wanted = FRAME_HEADER
      if (bytes.length - at < FRAME_HEADER) break
      if (bytes[at] !== 0) throw new FrameRefused('compressed messages are not supported')
      const length = bytes.readUInt32BE(at + 1)
      if (length > longest) throw new FrameRefused(`a message of ${length} bytes is longer than ${longest}`)
      wanted = FRAME_HEADER + length
      if (bytes.length - at < wanted) break
      onMessage(bytes.subarray(at + FRAME_HEADER, at + wanted))
      at += wanted
    }
    held = at === bytes.length ? [] : [bytes.subarray(at)]
    heldLength = bytes.length - at
  }
}
