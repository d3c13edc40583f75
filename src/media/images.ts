// What is done to pixels, with sharp (libvips). It works in threads of its own; here is how many images at once, and how
// large ones.
import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import sharp from 'sharp'
import { refuse, type ImageType, type Refusal } from '../domain/index.ts'
import { strip } from './strip/index.ts'

export interface Image {
  readonly bytes: Buffer
  readonly type: ImageType
  readonly width: number
  readonly height: number
}

/** Pixels that an image may have: 100 megapixels are 300 MB decoded. */
const mostPixels = 100_000_000
/** Pixels of all frames together of an animation that is made smaller; they are in memory at once, 4 bytes each. */
const mostAnimatedPixels = 25_000_000
/** Longer than this an image is not worked on (seconds). */
const patience = 20
/** Images waiting for room; with more the answer is `busy`. */
const mostWaiting = 64
/** Turned upright, a photo has to be encoded again: so that nobody sees a difference. */
const upright: Record<ImageType, { quality?: number; chromaSubsampling?: string }> = {
  'image/jpeg': { quality: 95, chromaSubsampling: '4:4:4' },
  'image/webp': { quality: 95 },
  'image/png': {},
  'image/gif': {},
}

sharp.cache(false) // each image is another one
sharp.concurrency(1) // threads for one image; the others are for everybody's messages
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif'].map(name => `VipsForeignLoad${name}`),
})

/** Images decoded at a time: a core is left for everything else, and two of libuv's four threads for files. */
const decoding = pLimit(Math.min(2, Math.max(1, availableParallelism() - 1)))
/** Images in memory at a time, encoded: those being decoded, and those on their way to or from the store. */
const inMemory = pLimit(6)

/** Runs it when there is room for one more image. */
export function withRoom<T>(work: () => Promise<T | Refusal>): Promise<T | Refusal> {
  if (inMemory.pendingCount < mostWaiting) return inMemory(work)
  return Promise.resolve(refuse('busy', `${mostWaiting} images wait to be worked on`, 2_000))
}

const formatOf = (type: ImageType) => type.slice('image/'.length) as 'png' | 'jpeg' | 'gif' | 'webp'
const load = (bytes: Buffer, animated = false) =>
  sharp(bytes, { failOn: 'error', limitInputPixels: mostPixels, animated, sequentialRead: true }).timeout({
    seconds: patience,
  })

/** What is kept of an upload: upright, without metadata, and known to be a whole image. */
export const cleaned = (bytes: Buffer, type: ImageType): Promise<Image | Refusal> => decoding(() => clean(bytes, type))

/**
 * The image, `width` wide. An animated one stays animated where all its frames together are within a limit of pixels;
 * otherwise it is its first frame.
 */
export const narrowed = (bytes: Buffer, type: ImageType, width: number): Promise<Buffer> =>
  decoding(() => narrow(bytes, type, width))

async function clean(bytes: Buffer, type: ImageType): Promise<Image | Refusal> {
  const broken = refuse('wrong-type', `this begins as ${type}, and is no whole image of that type`)
  try {
    const { format, width, height, orientation = 1, pages = 1 } = await load(bytes).metadata()
    if (format !== formatOf(type)) return broken
    if (orientation > 1 && pages === 1) {
      const turned = load(bytes).autoOrient().keepIccProfile().toFormat(formatOf(type), upright[type])
      const { data, info } = await turned.toBuffer({ resolveWithObject: true })
      return { bytes: data, type, width: info.width, height: info.height }
    }
    const stripped = strip(bytes, type)
    if (stripped === undefined) return broken
    await load(stripped).resize({ width: 1, height: 1, fastShrinkOnLoad: false }).raw().toBuffer() // decodes all of it
    return { bytes: stripped, type, width, height }
  } catch (error) {
    return isPixelLimit(error)
      ? refuse('too-large', `the image has more than ${mostPixels} pixels; that is the most that is accepted`)
      : broken
  }
}

async function narrow(bytes: Buffer, type: ImageType, width: number): Promise<Buffer> {
  const { width: full, height, pages = 1 } = await load(bytes).metadata()
  const animated = pages > 1 && full * height * pages <= mostAnimatedPixels
  return load(bytes, animated).resize({ width, withoutEnlargement: true }).toFormat(formatOf(type)).toBuffer()
}

const isPixelLimit = (error: unknown) => /pixel limit/.test((error as Error).message)
