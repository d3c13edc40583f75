// PNG (third edition, with animation): chunks by their names. Kept is what the picture is drawn from and what its colours
// mean; not text, EXIF, times, chunks that nobody here knows, or what follows the end of the image.

import { mostBlocks } from './blocks.ts'

const kept = new Set(
  'IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT'.split(' '),
)
const signatureBytes = 8

export function stripPng(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [bytes.subarray(0, signatureBytes)]
  for (let at = signatureBytes, n = 0; at + 12 <= bytes.length && n < mostBlocks; n++) {
    const end = at + 12 + bytes.readUInt32BE(at) // length, name, data, checksum
    const name = bytes.toString('latin1', at + 4, at + 8)
    if (end > bytes.length) return undefined
    if (kept.has(name)) parts.push(bytes.subarray(at, end))
    if (name === 'IEND') return Buffer.concat(parts)
    at = end
  }
  return undefined
}
