// Which kind of image some bytes are, and the same image without anything that is not needed to show it. Without decoding:
// no pixel changes, animations stay, and a camera's place and time, names, comments and thumbnails are gone.
import type { ImageType } from '../../domain/index.ts'
import { stripGif } from './gif.ts'
import { stripJpeg } from './jpeg.ts'
import { stripPng } from './png.ts'
import { stripWebp } from './webp.ts'

const kinds: Record<ImageType, { readonly begins: RegExp; readonly strip: (bytes: Buffer) => Buffer | undefined }> = {
  'image/png': { begins: /^\x89PNG\r\n\x1a\n/, strip: stripPng },
  'image/jpeg': { begins: /^\xff\xd8\xff/, strip: stripJpeg },
  'image/gif': { begins: /^GIF8[79]a/, strip: stripGif },
  'image/webp': { begins: /^RIFF[^]{4}WEBP/, strip: stripWebp },
}
const types = Object.keys(kinds) as ImageType[]

/** Bytes that are enough to tell. */
export const headBytes = 12

/** By the bytes it begins with, whatever anybody says it is. */
export function typeOf(bytes: Buffer): ImageType | undefined {
  const head = bytes.toString('latin1', 0, headBytes)
  return types.find(type => kinds[type].begins.test(head))
}

/** Undefined where it is not built as images of this type are, or ends before its end. */
export const strip = (bytes: Buffer, type: ImageType): Buffer | undefined => kinds[type].strip(bytes)
