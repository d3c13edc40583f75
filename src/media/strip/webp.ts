// WebP (RFC 9649): RIFF chunks by their names. Kept is what the picture and its frames are drawn from, and the colour
// profile; not EXIF, XMP, chunks that nobody here knows, or what follows the end of the file.

import { mostBlocks } from './blocks.ts'

const kept = new Set(['VP8 ', 'VP8L', 'VP8X', 'ANIM', 'ANMF', 'ALPH', 'ICCP'])
const inFrame = new Set(['VP8 ', 'VP8L', 'ALPH'])
const headBytes = 12
const frameHeadBytes = 16
/** Flags of VP8X that say that there is EXIF (0x08) and XMP (0x04). */
const metadataFlags = 0x0c

export function stripWebp(bytes: Buffer): Buffer | undefined {
  if (bytes.length < headBytes) return undefined
  const end = 8 + bytes.readUInt32LE(4)
  if (end > bytes.length) return undefined
  const chunks = chunksOf(bytes.subarray(headBytes, end), kept)
  if (chunks === undefined) return undefined
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks])
  const head = Buffer.from('RIFF\0\0\0\0')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

function chunksOf(bytes: Buffer, wanted: ReadonlySet<string>): Buffer[] | undefined {
  const chunks: Buffer[] = []
  for (let at = 0, n = 0; at < bytes.length; n++) {
    if (n === mostBlocks || at + 8 > bytes.length) return undefined
    const name = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const data = bytes.subarray(at + 8, at + 8 + size)
    if (data.length < size) return undefined
    at += 8 + size + (size % 2) // an odd chunk is padded
    if (!wanted.has(name)) continue
    const cleaned = name === 'VP8X' ? withoutFlags(data) : name === 'ANMF' ? frame(data) : data
    if (cleaned === undefined) return undefined
    chunks.push(chunk(name, cleaned))
  }
  return chunks
}

function chunk(name: string, data: Buffer): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
}

function withoutFlags(data: Buffer): Buffer | undefined {
  if (data.length === 0) return undefined
  const cleaned = Buffer.from(data)
  cleaned[0] = data[0]! & ~metadataFlags
  return cleaned
}

function frame(data: Buffer): Buffer | undefined {
  const chunks = chunksOf(data.subarray(frameHeadBytes), inFrame)
  return chunks && Buffer.concat([data.subarray(0, frameHeadBytes), ...chunks])
}
