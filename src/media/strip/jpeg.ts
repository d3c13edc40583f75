// JPEG (ITU-T T.81 annex B): segments by their markers. Kept is what the picture is drawn from, its colour profile and how
// its colours are stored; not EXIF, XMP, IPTC, comments, thumbnails, or what follows the end of the image.

import { mostBlocks } from './blocks.ts'

const soi = 0xd8
const eoi = 0xd9
const sos = 0xda
const app0 = 0xe0
const app2 = 0xe2
const app14 = 0xee
const com = 0xfe
const nothing = Buffer.alloc(0)
const jfifBytes = 18 // without its thumbnail: marker, length, identifier, version, density, 0 × 0

/** Markers without a length: TEM and RST0–7. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)

export function stripJpeg(bytes: Buffer): Buffer | undefined {
  const kept: Buffer[] = [bytes.subarray(0, 2)]
  if (bytes[0] !== 0xff || bytes[1] !== soi) return undefined
  for (let at = 2; at + 1 < bytes.length && kept.length < mostBlocks;) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++ // fill bytes may stand before any marker
      continue
    }
    if (marker === eoi) return Buffer.concat([...kept, bytes.subarray(at, at + 2)])
    if (isBare(marker)) {
      kept.push(bytes.subarray(at, at + 2))
      at += 2
      continue
    }
    if (at + 4 > bytes.length) return undefined
    const end = at + 2 + bytes.readUInt16BE(at + 2)
    if (end < at + 4 || end > bytes.length) return undefined
    const segment = bytes.subarray(at, end)
    kept.push(isKept(marker, segment) ? (marker === app0 ? withoutThumbnail(segment) : segment) : nothing)
    at = end
    if (marker !== sos) continue
    const next = afterScan(bytes, at)
    kept.push(bytes.subarray(at, next))
    at = next
  }
  return undefined
}

function isKept(marker: number, segment: Buffer): boolean {
  const named = (name: string) => segment.subarray(4, 4 + name.length).equals(Buffer.from(name, 'latin1'))
  if (marker === app0) return named('JFIF\0') && segment.length >= jfifBytes
  if (marker === app2) return named('ICC_PROFILE\0')
  if (marker === app14) return named('Adobe')
  return marker !== com && (marker < app0 || marker > 0xef)
}

function withoutThumbnail(segment: Buffer): Buffer {
  const jfif = Buffer.from(segment.subarray(0, jfifBytes))
  jfif.writeUInt16BE(jfifBytes - 2, 2)
  jfif.fill(0, 16)
  return jfif
}

/** Where the entropy-coded data ends: at the next marker that is neither a stuffed zero nor a restart. */
function afterScan(bytes: Buffer, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue
    const next = bytes[at + 1]!
    if (next !== 0x00 && next !== 0xff && !isBare(next)) return at
  }
  return bytes.length
}
