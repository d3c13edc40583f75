// Images: taken in as bytes, shown as bytes.
import { pipeline } from 'node:stream/promises'
import type { Request } from 'express'
import { isRefusal, refuse, type Refusal } from '../../../domain/index.ts'
import { MediaStoreFailed, UploaderGone, type Found } from '../../../media/index.ts'
import { knownForm } from '../../asking.ts'
import type { Handlers } from '../app.ts'
import type { HandlerParts } from './parts.ts'

/** When to try again where the store does not do it (milliseconds). */
const againMs = 5_000

export function mediaHandlers(parts: HandlerParts): Handlers<'uploadMedia' | 'media'> {
  const { commands, media, settings, timers, log } = parts
  const now = () => new Date(timers.now()).toISOString()
  const failed = (error: unknown, what: string): Refusal => {
    if (!(error instanceof MediaStoreFailed)) throw error
    log.error({ error }, `an image could not be ${what}`)
    return refuse('busy', `images cannot be ${what} at the moment; ask again later`, againMs)
  }

  return {
    async uploadMedia({ asker, identity }, response) {
      const request = response.req
      const { mediaBytes } = settings.limits
      const declared = Number(request.headers['content-length'] ?? 0)
      try {
        if (declared > mediaBytes)
          return refuse('too-large', `the body has ${declared} bytes; an image has at most ${mediaBytes}`)
        const kept = await media.take(identity.user, request.iterator({ destroyOnReturn: false }), now)
        if (isRefusal(kept)) return kept
        const { media: id, address, key, sha256, size, type, width, height } = kept
        const position = await commands.recordUpload(asker, id, { address, key, size, type, width, height })
        return { json: { id, sha256, size, type, width, height, position: String(position) } }
      } catch (error) {
        return error instanceof UploaderGone ? undefined : failed(error, 'kept')
      } finally {
        request.resume() // who is refused early goes on sending: it is read away, so that the answer is seen
      }
    },

    async media({ identity, params, query: { w } }, response) {
      const id = knownForm(params.id)
      const found = id === undefined ? refuse('unknown-media') : await media.find(identity.user, id, w)
      if (isRefusal(found)) return found
      const tag = `"${found.name}"`
      if (isKnown(response.req, tag)) return void response.status(304).set(headersOf(tag)).end()
      const head = () => response.set({ ...headersOf(tag), 'content-type': found.type })
      if (response.req.method === 'HEAD') return void head().status(200).end()
      const begun = await begin(found, response.req, tag).catch((error: unknown) => failed(error, 'read'))
      if (isRefusal(begun)) return begun
      head().set(begun.headers).status(begun.status)
      try {
        await pipeline(begun.pieces, response)
      } catch (error) {
        if (!response.destroyed) throw error // who looks is gone, or the image ended early and the connection with it
      }
      return undefined
    },
  }
}

const headersOf = (etag: string) => ({
  etag,
  // each look is asked for again, and costs a 304: who may see it no more is not shown what a browser has kept
  'cache-control': 'private, no-cache',
  vary: 'authorization',
  'accept-ranges': 'bytes',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
})

/** Whether who asks has these very bytes (RFC 9110 §13.1.2). */
const isKnown = (request: Request, tag: string): boolean =>
  (request.get('if-none-match') ?? '').split(',').some(one => ['*', tag, `W/${tag}`].includes(one.trim()))

/** Opens it, and reads until its first piece is there: what fails until then is a problem document. */
async function begin(found: Found, request: Request, tag: string) {
  const opened = await found.open()
  if (isRefusal(opened)) return opened
  const { size, bytes } = opened
  const range = rangeOf(request, size, tag)
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const rest = part(bytes, start, end)
  const first = await rest.next()
  const pieces = async function* () {
    try {
      if (!first.done) yield first.value
      yield* rest
    } finally {
      await rest.return(undefined)
    }
  }
  return {
    status: range ? 206 : 200,
    headers: {
      'content-length': String(end - start + 1),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    },
    pieces,
  }
}

/** The one range that is asked for (RFC 9110 §14), where it is of these very bytes. Anything else is answered whole. */
function rangeOf(request: Request, size: number, tag: string): { start: number; end: number } | undefined {
  const of = request.get('if-range')
  const ranges = of === undefined || of === tag ? request.range(size) : undefined
  if (!Array.isArray(ranges) || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}

async function* part(bytes: AsyncIterable<Buffer>, from: number, to: number): AsyncGenerator<Buffer> {
  let at = 0
  for await (const piece of bytes) {
    const wanted = piece.subarray(Math.max(0, from - at), Math.max(0, to - at + 1))
    at += piece.length
    if (wanted.length > 0) yield wanted
    if (at > to) return
  }
}
