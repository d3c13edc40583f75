// What nobody can see any more is deleted: uploads that no message names within a day, and images whose keys are gone.
import type { Subscription } from 'rxjs'
import type { Commands } from '../commands/index.ts'
import type { Feed, Position } from '../eventstore/index.ts'
import type { MediaRow, Projections } from '../projections/index.ts'
import { sweepIncoming } from './receiving.ts'
import type { BlobStore } from './store.ts'
import type { Uploads } from './uploads.ts'

export interface CollectorParts {
  readonly blobs: BlobStore
  readonly uploads: Uploads
  readonly incoming: string
  readonly projections: Pick<Projections, 'queries' | 'reached' | 'position'>
  readonly feed: Pick<Feed, 'batches' | 'live'>
  readonly commands: Pick<Commands, 'discardMedia'>
  /** Something could not be done, and is tried again the next time. */
  readonly onFailed: (error: Error) => void
}

/** How long an upload may stay without a message that names it, and how often that is looked at (milliseconds). */
const attachWithinMs = 24 * 60 * 60 * 1000
const passEveryMs = 30 * 60 * 1000
/** Every so many passes look at all there is. */
const wholeEvery = 48
const pageRows = 500
const catchUpMs = 60_000

export type Collector = ReturnType<typeof startCollector>

/** A pass over all there is begins at once, and once a day; others look at uploads, and `forget` at what lost its keys. */
export function startCollector(parts: CollectorParts, withinMs = attachWithinMs) {
  const { blobs, uploads, incoming, projections, feed, commands, onFailed } = parts
  const { queries } = projections
  /** The last event this process knows of: the read models must have it before they are asked what is missing. */
  let seen: Position = projections.position()
  let work: Promise<unknown> = Promise.resolve()
  let stopped = false

  /** One after the other; what goes wrong is told, and what is left is done by a later pass. */
  const queued = <T>(run: () => Promise<T>): Promise<T> => {
    const mine = work.then(run)
    work = mine.catch((error: unknown) => onFailed(error as Error))
    return mine
  }

  /** First the image itself: from then on no smaller one is kept of it. */
  const removeBytes = async (address: string): Promise<void> => {
    await blobs.remove(address)
    for (const name of await blobs.names(address)) await blobs.remove(name)
  }

  /**
   * Which of these nobody can open. In this order: an upload's row is deleted only when the read models have the message
   * that names it, so whose row is not there has its messages in what is read after that.
   */
  const dead = async (media: readonly MediaRow[]) => {
    const ids = media.map(row => row.media)
    const waiting = await uploads.among(ids)
    const grants = await queries.grantKeys(ids, seen)
    if (grants === undefined) return [] // the tables are being made again, and say nothing yet
    const keys = await uploads.keysAmong([...media.map(row => row.key), ...[...grants.values()].flat()])
    return media.flatMap(row => {
      const named = grants.get(row.media) ?? []
      const opens = keys.has(row.key) && (waiting.has(row.media) || named.some(key => keys.has(key)))
      return opens ? [] : [{ ...row, why: named.length > 0 || !keys.has(row.key) ? 'keys-gone' : 'unnamed' } as const]
    })
  }

  const deleteDead = async (media: readonly MediaRow[]): Promise<number> => {
    const gone = await dead(media)
    for (const { media, address, why } of gone) {
      await removeBytes(address)
      await commands.discardMedia(media, why)
      await uploads.remove([media]) // where its key is gone, its row opens nothing
    }
    return gone.length
  }

  /** Uploads that no message named in time. Their rows go last: what is not finished is found again. */
  const deleteUnnamed = async (): Promise<void> => {
    const grants = await queries.grantKeys(await uploads.all(), seen)
    if (grants === undefined) return
    await uploads.remove([...grants.keys()]) // a kill came between a message and this
    for (const { media, address } of await uploads.doom(withinMs)) {
      await removeBytes(address)
      await commands.discardMedia(media, 'unnamed')
      await uploads.remove([media])
    }
  }

  const deleteAllDead = async (): Promise<void> => {
    for (let after: string | undefined; ;) {
      const page = await queries.allMedia(after, pageRows)
      await deleteDead(page)
      if (page.length < pageRows || stopped) return
      after = page.at(-1)!.media
    }
  }

  /** All that there is; `brief`: uploads alone. */
  const pass = async (brief = false): Promise<void> => {
    await feed.live
    if (!(await projections.reached(seen, catchUpMs))) return
    await sweepIncoming(incoming)
    await deleteUnnamed()
    if (!brief) await deleteAllDead()
  }

  const named = async (media: readonly string[], position: Position): Promise<void> => {
    if (await projections.reached(position, catchUpMs)) await uploads.remove(media)
  }

  const following: Subscription = feed.batches.subscribe(({ events }) => {
    const position = events.at(-1)?.position ?? seen
    seen = position
    const media = events.flatMap(event =>
      event.type === 'MessageSent' || event.type === 'MessageEdited'
        ? (event.data.attachments ?? []).map(({ media }) => media)
        : [],
    )
    if (media.length > 0) queued(() => named(media, position)).catch(() => undefined)
  })
  let passes = 0
  const again = () => void queued(() => pass(++passes % wholeEvery !== 0)).catch(() => undefined)
  const timer = setInterval(again, passEveryMs).unref()
  queued(() => pass()).catch(() => undefined)

  return {
    /** Looks through all there is, once more. */
    pass: () => queued(() => pass()),
    /**
     * To be called when content keys (their ids) were destroyed, by whoever did: deletes the images that none is left to
     * open. Answers how many. What it misses, because the process ends, the next pass finds.
     */
    forget: (keys: readonly string[]): Promise<number> =>
      queued(async () => {
        await projections.reached(seen, catchUpMs)
        return deleteDead(await queries.mediaOfKeys(keys))
      }),
    async close() {
      stopped = true
      clearInterval(timer)
      following.unsubscribe()
      await work
    },
  }
}
