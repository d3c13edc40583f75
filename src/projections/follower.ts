// Read models that another process writes. How far they are is told by that process with each commit (LISTEN / NOTIFY: some
// 1 ms), and looked up where nothing is heard: after a lost connection, or where a pooler in between swallows notifications.
import { setTimeout as sleep } from 'node:timers/promises'
import { BehaviorSubject, type Subscription } from 'rxjs'
import pg from 'pg'
import type { Batch, Feed, Position } from '../eventstore/index.ts'
import type { Projections } from './api.ts'
import { channelOf, readCheckpoint, ReadModelsReplaced, type Provenance } from './checkpoint.ts'
import type { Db } from './database.ts'
import { reachedIn } from './positions.ts'
import { backoffMs, isTransient } from './transient.ts'

/** How often the checkpoint is looked up while events are known that it does not have, and while none are (milliseconds). */
const behindMs = 250
const currentMs = 5_000
/** How often a process that starts looks for read models that somebody has made ready (milliseconds). */
const waitMs = 250

const sameModels = (one: Provenance, other: Provenance): boolean =>
  one.epoch === other.epoch && one.versions === other.versions

/** Waits until a process with the role projections has made the read models of this log and version. Answers where they are. */
export async function readyModels(
  db: Db,
  provenance: Provenance,
  log: (line: string) => void,
  stopped: AbortSignal,
): Promise<Position> {
  for (let said = ''; ;) {
    const found = await readCheckpoint(db).catch((error: unknown) => {
      if (isMissing(error) || isTransient(error)) return undefined
      throw error
    })
    if (found && sameModels(found, provenance)) return found.position
    const line = found
      ? `the read models are of ${found.epoch} (${found.versions}), this process is of ${provenance.epoch} ` +
        `(${provenance.versions}): it waits for a process of its version with the role projections`
      : 'no read models yet: waiting for a process with the role projections'
    if (line !== said) log((said = line))
    await sleep(waitMs, undefined, { signal: stopped })
  }
}

/** SQLSTATE 42P01: there is no such table (nor, it may be, its schema). */
const isMissing = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '42P01'

export function openFollower(
  { db, pool }: { db: Db; pool: pg.Pool },
  provenance: Provenance,
  at: Position,
  log: (line: string) => void,
): Omit<Projections, 'queries'> {
  const positions = new BehaviorSubject(at)
  const stopping = new AbortController()
  const stopped = new Promise<void>(resolve => stopping.signal.addEventListener('abort', () => resolve()))
  /** The checkpoint, as far as known; the last event and the end of the log, as the feed has brought them. */
  let committed = at
  let lastEvent = at
  let head = at
  let feed: Feed | undefined
  let fed: Subscription | undefined
  let work: Promise<unknown> = Promise.resolve()

  /** Never ahead of this process's own feed; where no event is after the checkpoint, the models have all there is. */
  const settle = (): void => {
    const position = lastEvent <= committed ? head : committed
    if (position <= positions.value) return
    positions.next(position)
    feed?.release(position)
  }
  const told = (found: Provenance & { position: Position }): void => {
    if (!sameModels(found, provenance) || found.position < at)
      throw new ReadModelsReplaced(
        `the read models in schema ${db.schema} were made anew (${found.versions}, at ${found.position}): ` +
          'start again to follow them',
      )
    committed = Math.max(committed, found.position)
    settle()
  }
  const look = async (): Promise<void> => {
    const found = await readCheckpoint(db)
    if (found) told(found)
  }

  /** Hears of commits until the connection is lost. */
  const listen = async (onFault: (error: unknown) => void): Promise<void> => {
    const client = await pool.connect()
    try {
      const lost = new Promise<void>(resolve => client.on('error', () => resolve()).on('end', resolve))
      client.on('notification', ({ payload = '' }) => {
        const [position, epoch, ...versions] = payload.split(' ')
        try {
          told({ position: Number(position), epoch: epoch!, versions: versions.join(' ') })
        } catch (error) {
          onFault(error)
        }
      })
      await client.query(`listen ${pg.escapeIdentifier(channelOf(db))}`)
      await look() // what was committed before this was heard
      await Promise.race([lost, stopped])
    } finally {
      client.release(true) // it listens: nobody else should have it
    }
  }
  let lookedAt = performance.now()
  const lookAgain = async (): Promise<void> => {
    await sleep(behindMs, undefined, { signal: stopping.signal }).catch(() => {})
    if (stopping.signal.aborted) return
    if (lastEvent <= committed && performance.now() - lookedAt < currentMs) return
    lookedAt = performance.now()
    await look()
  }

  /** Does it again and again, however long the database is away. */
  const keepOn = async (doing: () => Promise<void>, onFault: (error: unknown) => void): Promise<void> => {
    for (let failed = 0; !stopping.signal.aborted;) {
      try {
        await doing()
        failed = 0
      } catch (error) {
        if (!isTransient(error) && !isMissing(error)) return onFault(error)
        if (++failed === 1) log(`the read models cannot be read: ${String(error)}`)
        await sleep(backoffMs(failed), undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }

  return {
    positions: positions.asObservable(),
    position: () => positions.value,
    reached: reachedIn(positions),

    start(followed, onFault) {
      feed = followed
      const take = ({ events, upTo }: Batch): void => {
        lastEvent = Math.max(lastEvent, events.at(-1)?.position ?? lastEvent)
        head = Math.max(head, upTo, lastEvent)
        settle()
      }
      fed = feed.batches.subscribe(take)
      take({ events: feed.since(head), upTo: feed.head() })
      work = Promise.all([keepOn(() => listen(onFault), onFault), keepOn(lookAgain, onFault)])
    },

    async stop() {
      fed?.unsubscribe()
      stopping.abort()
      await work
      positions.complete()
    },
  }
}
