// GIF (89a): blocks by their labels. Kept is what the picture and its frames are drawn from, and how often they repeat; not
// comments, plain text, XMP and whatever else applications put in, or what follows the end of the image.

import { mostBlocks } from './blocks.ts'

const image = 0x2c
const extension = 0x21
const trailer = 0x3b
const graphicControl = 0xf9
const application = 0xff
/** What says how often an animation repeats. */
const repeats = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0'])
const headBytes = 13

export function stripGif(bytes: Buffer): Buffer | undefined {
  if (bytes.length < headBytes) return undefined
  let at = headBytes + colours(bytes[10]!)
  const parts: Buffer[] = [bytes.subarray(0, at)]
  for (let n = 0; at < bytes.length && n < mostBlocks; n++) {
    const label = bytes[at]
    if (label === trailer) return Buffer.concat([...parts, bytes.subarray(at, at + 1)])
    const data = label === image ? at + 11 + colours(bytes[at + 9] ?? 0) : label === extension ? at + 2 : undefined
    const end = data === undefined ? undefined : afterBlocks(bytes, data)
    if (end === undefined) return undefined
    const name = bytes.toString('latin1', at + 3, at + 14)
    const kind = bytes[at + 1]
    if (label === image || kind === graphicControl || (kind === application && repeats.has(name)))
      parts.push(bytes.subarray(at, end))
    at = end
  }
  return undefined
}

/** Bytes of a colour table, by the flags that announce it. */
const colours = (flags: number): number => (flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0)

/** Just after the data blocks that begin here: each has its length before it, and one of length 0 ends them. */
function afterBlocks(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < bytes.length; at += 1 + bytes[at]!) if (bytes[at] === 0) return at + 1
  return undefined
}
