// What has a time goes when that is over: the content keys are deleted when they are due, then the images that none is left to
// open. Woken when the next key is due; several processes may do it at once, each takes what no other has.
import type { Batch, DueKeys, Feed } from '../eventstore/index.ts'
import { dueOf } from '../eventstore/index.ts'
import type { RetentionSide } from './ports.ts'

/** What is over in a conversation, or will be. Times are RFC 3339; null: nothing. */
export interface RetentionOf {
  readonly conversation: string
  /** What is due: the keys, since when, and what they open. */
  readonly keys: number
  readonly since: string | null
  readonly messages: number
  readonly images: number
  /** What has its time still: messages, their keys, and when the first key is due. */
  readonly keptMessages: number
  readonly keptKeys: number
  readonly next: string | null
}

export interface RetentionReport {
  readonly conversations: readonly RetentionOf[]
  /** How many keys, and images, this call has deleted. */
  readonly deleted: { readonly keys: number; readonly images: number }
}

export interface RetentionParts {
  readonly keys: DueKeys
  readonly feed: Pick<Feed, 'batches'>
  readonly readSide: RetentionSide
  readonly log: (line: string) => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Deletes the images that none of these keys is left to open; answers how many. */
type Forget = (keys: readonly string[]) => Promise<number>

/** After a failure, and the least from one look to the next (milliseconds). */
const againMs = 1_000
const leastMs = 250
/** A timer is set anew at least as often. */
const mostMs = 60 * 60 * 1000
/** How often the table is vacuumed at most. */
const vacuumMs = 60_000
/** From here on two clocks that differ are worth a line. */
const clocksMs = 2_000

export type Retention = ReturnType<typeof openRetention>

export function openRetention({ keys, feed, readSide, log, now = Date.now }: RetentionParts) {
  let forget: Forget | undefined
  let timer: NodeJS.Timeout | undefined
  let wakeAt = Infinity
  let sweeping: Promise<unknown> = Promise.resolve()
  let imaging: Promise<unknown> = Promise.resolve()
  let vacuumed = -Infinity
  let dirty = false
  let told = false
  let closed = false

  /** Deletes all that is due; the images follow behind, for they wait for the read models. */
  const destroy = async (): Promise<{ ids: string[]; images: Promise<number> }> => {
    const ids: string[] = []
    for (let gone = await keys.destroy(); gone.length > 0; gone = await keys.destroy()) ids.push(...gone)
    if (ids.length > 0) dirty = true
    // a process that ends before its images are gone finds them when it starts: they are noise meanwhile
    const images = ids.length > 0 && forget ? forget(ids) : Promise.resolve(0)
    imaging = Promise.all([imaging, images]).catch((error: unknown) => log(`images of deleted keys: ${String(error)}`))
    return { ids, images }
  }

  const vacuum = async (): Promise<void> => {
    vacuumed = now()
    await keys.vacuum()
    dirty = false
  }

  const compareClocks = (clock: number): void => {
    const apart = Math.round(clock - now())
    if (Math.abs(apart) < clocksMs === !told) return
    told = !told
    if (told) log(`the database's clock is ${apart} ms from this process's: what is temporary goes by the database's`)
  }

  const sweep = async (): Promise<void> => {
    await destroy()
    if (dirty && now() - vacuumed >= vacuumMs) await vacuum()
    const { inMs, clock } = await keys.next()
    compareClocks(clock)
    if (inMs !== undefined) wake(now() + inMs)
    if (dirty) wake(vacuumed + vacuumMs)
  }

  /** One after the other. */
  const inTurn = <T>(doing: () => Promise<T>): Promise<T> => {
    const mine = sweeping.then(doing)
    sweeping = mine.catch((error: unknown) => {
      log(`what is due could not be deleted, and is tried again: ${String(error)}`)
      wake(now() + againMs)
    })
    return mine
  }
  const run = (): Promise<void> => inTurn(sweep)

  /** Looks no later than then. */
  const wake = (at: number): void => {
    if (closed || forget === undefined || at >= wakeAt) return
    clearTimeout(timer)
    wakeAt = at
    const ring = () => {
      wakeAt = Infinity
      run().catch(() => undefined)
    }
    timer = setTimeout(ring, Math.min(Math.max(at - now(), leastMs), mostMs)).unref()
  }

  /** What other processes seal is heard of here, before it is due. */
  const heard = ({ events }: Batch): void => {
    for (const { type, data } of events)
      if (type === 'MessageSent' && data.expiresAt !== undefined) wake(dueOf(data.expiresAt))
  }
  let following: { unsubscribe(): void } | undefined

  return {
    /** Deletes the keys that are due now. Before anything is served. */
    sweep: run,

    /** From now on, by itself. */
    start(deleteImages: Forget): void {
      forget = deleteImages
      following = feed.batches.subscribe(heard)
      run().catch(() => undefined)
    },

    /** What is over and what will be, as of before; and with `dryRun` false it is gone when this answers, its images too. */
    async run({ dryRun }: { dryRun: boolean }): Promise<RetentionReport> {
      const found = await keys.byConversation()
      const counts = await readSide.expiring(found.flatMap(({ due }) => due))
      const byConversation = new Map(counts.map(({ conversation, ...count }) => [conversation, count]))
      const none = { messages: 0, images: 0, keptMessages: 0 }
      const conversations = found.map(({ conversation, due, since, kept, next }) => {
        const { messages, images, keptMessages } = byConversation.get(conversation) ?? none
        return { conversation, keys: due.length, since, messages, images, keptMessages, keptKeys: kept, next }
      })
      if (dryRun) return { conversations, deleted: { keys: 0, images: 0 } }
      const { ids, images } = await inTurn(destroy)
      const deleted = { keys: ids.length, images: await images }
      await imaging // those of a sweep that was under way
      await vacuum()
      return { conversations, deleted }
    },

    async close(): Promise<void> {
      closed = true
      clearTimeout(timer)
      following?.unsubscribe()
      await sweeping
      await imaging
    },
  }
}
