// Messages that nobody has come for: whoever has the command stage looks for those that become too old, and gives them up.
// Any process may find one, also two at once; the command makes it once.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Commands } from '../commands/index.ts'
import { isRefusal } from '../domain/index.ts'
import type { Feed, Position } from '../eventstore/index.ts'
import type { LateRow, Projections } from '../projections/index.ts'
import { openMarker, type Marker } from './marker.ts'

export interface LateParts {
  readonly pool: Pick<Pool, 'query'>
  readonly epoch: string
  readonly queries: Pick<Projections['queries'], 'late'>
  readonly feed: Pick<Feed, 'head' | 'live'>
  readonly failDelivery: Commands['failDelivery']
  /** How long a message waits for a device that acknowledges it (milliseconds). */
  readonly maxAgeMs: number
  readonly log: (line: string) => void
}

/** Messages of one look: 100,000 that all were acknowledged were looked through in 1.1–1.7 s; nothing due costs 0.2–5 ms. */
const pageRows = 1_000
/** Commands under way at once. */
const atOnce = 200
/** Nothing is sooner due than a message that is said now; a longer sleep than this is slept in turns (milliseconds). */
const longestMs = 60 * 60 * 1000
const shortestMs = 20
const againMs = 1_000

/** Looks until it is closed. */
export function lookForLate({ pool, epoch, queries, feed, failDelivery, maxAgeMs, log }: LateParts) {
  const stopping = new AbortController()

  const giveUp = async (late: readonly LateRow[]): Promise<void> => {
    for (let first = 0; first < late.length; first += atOnce) {
      const some = late.slice(first, first + atOnce)
      const answers = await Promise.all(some.map(row => failDelivery({ ...row, reason: 'too-old', attempts: 0 })))
      const refusal = answers.find(isRefusal)
      if (refusal) throw new Error(`a message could not be given up: ${refusal.refused}, ${refusal.because ?? ''}`)
    }
  }

  const work = async (): Promise<void> => {
    await feed.live
    let marker: Marker | undefined
    let position: Position = -1
    let complained = false

    /** One page. Answers how long nothing is due (milliseconds). */
    const look = async (): Promise<number> => {
      if (marker === undefined) {
        const opened = await openMarker(pool, epoch)
        position = await opened.read(feed.head())
        marker = opened
      }
      const now = Date.now()
      const before = position
      const { late, examined, next } = await queries.late(position, new Date(now - maxAgeMs).toISOString(), pageRows)
      await giveUp(late)
      if (examined > position) await marker.move((position = examined)) // a kill before this: looked at again, made once
      if (next !== undefined) return Date.parse(next) + maxAgeMs - now
      return position > before ? 0 : maxAgeMs
    }

    while (!stopping.signal.aborted) {
      const waitMs = await look().then(
        ms => {
          complained = false
          return ms
        },
        (error: unknown) => {
          if (!complained) log(`messages that are too old could not be looked for: ${(error as Error).message}`)
          complained = true
          return againMs
        },
      )
      const ms = Math.min(Math.max(waitMs, shortestMs), longestMs)
      await sleep(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }

  const working = work()
  return {
    async close() {
      stopping.abort()
      await working
    },
  }
}
