// The images that are kept: taken in, sealed and stored; found for who may see them; made smaller.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { setImmediate as breath } from 'node:timers/promises'
import { z } from 'zod'
import { isRefusal, refuse, type ImageType, type Refusal } from '../domain/index.ts'
import type { Keyring } from '../eventstore/index.ts'
import type { Access, Way } from './access.ts'
import { cleaned, narrowed, withRoom, type Image } from './images.ts'
import { receive } from './receiving.ts'
import { opened, openSize, sealed } from './sealing.ts'
import { MediaStoreFailed, type BlobStore } from './store.ts'
import type { Uploads } from './uploads.ts'

/** An image that was taken in; `sha256` is of the bytes as they are served. */
export interface Kept extends Omit<Image, 'bytes'> {
  readonly media: string
  readonly address: string
  readonly key: string
  readonly size: number
  readonly sha256: string
}

/** An image that somebody may see. */
export interface Found {
  readonly type: ImageType
  /** Names its very bytes: those of the image, or of a smaller one made of it. */
  readonly name: string
  /** Whoever opens it reads it to the end, or ends the reading. Throws MediaStoreFailed. */
  open(): Promise<Opened | Refusal>
}

export interface Opened {
  readonly size: number
  readonly bytes: AsyncIterable<Buffer>
}

export interface LibraryParts {
  readonly blobs: BlobStore
  readonly uploads: Uploads
  readonly access: Access
  readonly keyring: Keyring
  /** Where uploads are until they are whole. */
  readonly incoming: string
  readonly mostBytes: number
  readonly onFailed: (error: Error) => void
}

/** What opens an image, in its grant: it is sealed whenever it is written. */
const opener = z.object({
  secret: z.base64().transform(text => Buffer.from(text, 'base64')),
  type: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  size: z.int(),
  width: z.int(),
  sha256: z.string(),
})
type Opener = z.output<typeof opener>

/** Smaller images kept of one image: there are as many widths as somebody asks for. */
const mostNarrowed = 16
/** Bytes that are hashed and sealed before others have a turn. */
const breathBytes = 1024 * 1024

export function openLibrary({ blobs, uploads, access, keyring, incoming, mostBytes, onFailed }: LibraryParts) {
  const beingNarrowed = new Map<string, Promise<Buffer | Refusal>>()

  /** On record before it is stored, so that nothing is stored that is not found again. */
  const keep = async (user: string, { bytes, ...image }: Image, at: string): Promise<Kept> => {
    const media = randomUUID()
    const secret = randomBytes(32)
    const size = bytes.length
    const [stored, sha256] = await Promise.all([gathered(sealed(breathing(bytes), secret, 'image')), hashOf(bytes)])
    const address = await hashOf(stored)
    const { type, width } = image
    const text = JSON.stringify({ secret: secret.toString('base64'), type, size, width, sha256 })
    const grant = await keyring.seal({ ...access.placeOf(media), author: user, at }, text)
    await uploads.add(user, { media, address, grant })
    await blobs.put(address, stored)
    return { media, address, key: grant.key, size, sha256, ...image }
  }

  const blobOf = async (name: string) => {
    const blob = await blobs.get(name)
    if (blob === undefined) throw new MediaStoreFailed(`${name} is on record, and the media store has it not`)
    return blob
  }

  const narrow = (name: string, { address }: Way, { secret, type }: Opener, width: number): Promise<Buffer | Refusal> =>
    withRoom(async () => {
      const whole = await gathered(opened((await blobOf(address)).bytes, secret, 'image'))
      const bytes = await narrowed(whole, type, width)
      try {
        await blobs.put(name, await gathered(sealed([bytes], secret, `image ${width} wide`)))
        const names = await blobs.names(address)
        // the image itself may have been deleted meanwhile: then this must not stay
        if (!names.includes(address) || names.length > mostNarrowed + 1) await blobs.remove(name)
      } catch (error) {
        onFailed(error as Error) // it is made again the next time
      }
      return bytes
    })

  const openNarrowed = async (way: Way, found: Opener, width: number): Promise<Opened | Refusal> => {
    const name = `${way.address}.w${width}`
    const kept = await blobs.get(name)
    if (kept) return { size: openSize(kept.size), bytes: opened(kept.bytes, found.secret, `image ${width} wide`) }
    const making = beingNarrowed.get(name) ?? narrow(name, way, found, width).finally(() => beingNarrowed.delete(name))
    beingNarrowed.set(name, making)
    const made = await making
    return isRefusal(made) ? made : { size: made.length, bytes: only(made) }
  }

  const openWhole = async ({ address }: Way, { secret, size }: Opener): Promise<Opened> => {
    const { bytes } = await blobOf(address)
    return { size, bytes: opened(bytes, secret, 'image') }
  }

  return {
    /** Takes an image in for its uploader, unless it is too large or none. Throws UploaderGone, MediaStoreFailed. */
    async take(user: string, source: AsyncIterable<Buffer>, now: () => string): Promise<Kept | Refusal> {
      const received = await receive(source, { folder: incoming, mostBytes })
      if (isRefusal(received)) return received
      try {
        return await withRoom(async () => {
          const image = await cleaned(await received.bytes(), received.type)
          return isRefusal(image) ? image : keep(user, image, now())
        })
      } finally {
        await received.forget()
      }
    },

    /** The image, or one that is `width` wide where it is wider than that. */
    async find(user: string, media: string, width?: number): Promise<Found | Refusal> {
      const way = await access.wayTo(user, media)
      const text = way && (await keyring.open(access.placeOf(media), way.grant))
      if (way === undefined || typeof text !== 'string') return refuse('unknown-media')
      const found = opener.parse(JSON.parse(text))
      const { type } = found
      if (width === undefined || width >= found.width) return { type, name: media, open: () => openWhole(way, found) }
      return { type, name: `${media}-w${width}`, open: () => openNarrowed(way, found, width) }
    },
  }
}

async function gathered(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes)
}

/** A large buffer piece by piece, so that hashing and sealing it keeps nobody waiting: 20 MB would take 60 ms at once. */
async function* breathing(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += breathBytes) {
    if (at > 0) await breath()
    yield bytes.subarray(at, at + breathBytes)
  }
}

async function hashOf(bytes: Buffer): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of breathing(bytes)) hash.update(part)
  return hash.digest('hex')
}
