// The runner: takes the feed's events and folds them, batch after batch, rows and checkpoint in one commit.
import { setTimeout as sleep } from 'node:timers/promises'
import { BehaviorSubject, type Subscription } from 'rxjs'
import type { Batch, Feed, Position, RecordedEvent } from '../eventstore/index.ts'
import type { Projections } from './api.ts'
import { moveCheckpoint, type Provenance } from './checkpoint.ts'
import { within, type Db } from './database.ts'
import { Memory } from './memory.ts'
import { models } from './models.ts'
import { reachedIn } from './positions.ts'
import { backoffMs, isTransient } from './transient.ts'

/** Events a transaction at most (7 k events/s at 100, 19 k at 500, 32 k at 2,000): a retry repeats them all. */
const mostEvents = 2_000
/** A checkpoint that moves without events is written at most so often (milliseconds): it only saves reading again. */
const idleCheckpointMs = 10_000

/**
 * How long events wait for company (milliseconds) while nobody waits for them: a transaction costs the same for one event and for
 * fifty. Where so many wait, they are company enough.
 */
const gatherMs = 40
const company = 500

type Runner = Omit<Projections, 'queries'>

export function openRunner(db: Db, provenance: Provenance, at: Position, log: (line: string) => void): Runner {
  const positions = new BehaviorSubject(at)
  const reached = reachedIn(positions)
  const stopping = new AbortController()
  /** The checkpoint's position in the database, as far as known. */
  let committed = at
  let committedAt = Date.now()
  /** Everything up to here was taken from the feed. */
  let seen = at
  let pending: RecordedEvent[] = []
  let busy = false
  /** How many wait for a position right now. */
  let awaiting = 0
  let hurry = (): void => {}
  let work = Promise.resolve()
  let fed: Subscription | undefined
  const memory = new Memory()

  const commit = (events: readonly RecordedEvent[], to: Position): Promise<Position> =>
    db.kysely.transaction().execute(async transaction => {
      const tx = within(db, transaction)
      const { moved, position } = await moveCheckpoint(tx, provenance, committed, to, events.at(-1)?.position)
      if (!moved) memory.forget()
      else for (const model of models) await model.fold(tx, events, memory)
      return position
    })

  /** Commits, however long the database is away. False: told to stop before it came back. */
  const persist = async (events: readonly RecordedEvent[], to: Position): Promise<boolean> => {
    for (let attempt = 1; ; attempt++) {
      try {
        committed = await commit(events, to)
        committedAt = Date.now()
        if (attempt > 1) log(`the read models are being written again, now at ${committed}`)
        return true
      } catch (error) {
        memory.forget() // it has what may not be in the rows
        if (!isTransient(error)) throw error
        if (attempt === 1) log(`the read models cannot be written and wait at ${committed}: ${String(error)}`)
        await sleep(backoffMs(attempt), undefined, { signal: stopping.signal }).catch(() => {})
        if (stopping.signal.aborted) return false
      }
    }
  }

  const gather = async (): Promise<void> => {
    if (awaiting > 0 || pending.length === 0 || pending.length >= company || stopping.signal.aborted) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, gatherMs)
      hurry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Whether only the checkpoint has to move, and it is time to write that. */
  const idle = (): boolean => seen > committed && Date.now() - committedAt > idleCheckpointMs

  return {
    positions: positions.asObservable(),
    position: () => positions.value,

    async reached(position, ms) {
      if (position <= positions.value) return true // and nothing is hurried
      awaiting++
      hurry()
      const is = await reached(position, ms)
      awaiting--
      return is
    },

    start(feed: Feed, onFault: (error: unknown) => void) {
      const announce = (position: Position): void => {
        if (position <= positions.value) return
        positions.next(position)
        feed.release(position)
      }
      const run = async (): Promise<void> => {
        busy = true
        try {
          while (pending.length > 0 || idle()) {
            await gather()
            const events = pending.slice(0, mostEvents)
            const to = events.length < pending.length ? events.at(-1)!.position : seen
            if (!(await persist(events, to))) break
            const rest = pending.findIndex(event => event.position > committed) // another projector may be further
            pending = rest < 0 ? [] : pending.slice(rest)
            seen = Math.max(seen, committed)
            announce(committed)
          }
          if (pending.length === 0) announce(seen) // where no events came, the models have all whatever the checkpoint says
        } catch (error) {
          fed?.unsubscribe()
          pending = []
          onFault(error)
        }
        busy = false
      }
      const take = ({ events, upTo }: Batch): void => {
        for (const event of events) if (event.position > seen) pending.push(event)
        seen = Math.max(seen, upTo, pending.at(-1)?.position ?? seen)
        if (!busy) work = run()
      }
      fed = feed.batches.subscribe(take)
      take({ events: feed.since(seen), upTo: feed.head() }) // what came between the feed's start and this
    },

    async stop() {
      fed?.unsubscribe()
      stopping.abort()
      hurry()
      await work
      positions.complete()
    },
  }
}
