// The database of a run: the read models behind connections that take their time, folded in batches that come late, and what each
// box hears of how far they are.
import { BehaviorSubject, type Subscription } from 'rxjs'
import { decode, prefixes, type Feed, type Position, type RawEvent } from '../../src/eventstore/index.ts'
import type { Change, Projections, Queries } from '../../src/projections/index.ts'
import { reachedIn } from '../../src/projections/positions.ts'
import type { SimulatedLog } from './log.ts'
import { delay } from './network.ts'
import type { Luck } from './random.ts'
import { ReadModels } from './read-models.ts'
import type { Scheduler } from './scheduler.ts'

export class SimulatedDatabase {
  readonly models = new ReadModels()
  /** All is folded up to here. */
  position: Position = -1
  readonly #scheduler: Scheduler
  readonly #luck: Luck
  readonly #followers = new Set<() => void>()

  constructor(scheduler: Scheduler, luck: Luck, log: SimulatedLog) {
    this.#scheduler = scheduler
    this.#luck = luck
    const take = async ({ events, upTo }: { events: readonly RawEvent[]; upTo: Position }) => {
      await scheduler.sleep(luck.chance(0.1) ? luck.next() * 2_000 : delay(luck))
      for (const raw of events) {
        const event = decode(raw)
        if (event) this.models.fold(event)
      }
      this.position = upTo
      for (const told of this.#followers) told()
    }
    const lost = (error: Error) => {
      throw error
    }
    log.connect(luck, () => false).subscribe(prefixes, undefined, { take, lost })
  }

  /** As a process that only asks has it. `faults`: how many of the questions fail. */
  follow(luck: Luck, isGone: () => boolean, faults: () => number): Projections {
    const { models } = this
    const scheduler = this.#scheduler
    const positions = new BehaviorSubject(this.position)
    let committed = this.position
    let [head, lastEvent] = [this.position, this.position]
    let feed: Feed | undefined
    let fed: Subscription | undefined

    const settle = (): void => {
      const position = lastEvent <= committed ? head : committed
      if (position <= positions.value) return
      positions.next(position)
      feed?.release(position)
    }
    const told = (): void => {
      const { position } = this
      scheduler.after(delay(this.#luck), () => {
        if (isGone()) return
        committed = Math.max(committed, position)
        settle()
      })
    }

    const answer = async <T>(question: () => T): Promise<T> => {
      await scheduler.sleep(delay(luck))
      if (isGone()) return new Promise<never>(() => undefined)
      if (luck.chance(faults())) throw new Error('Connection terminated unexpectedly') // in pg's own words
      const found = question()
      await scheduler.sleep(delay(luck))
      return isGone() ? new Promise<never>(() => undefined) : found
    }

    /** Four questions, each of its own moment. */
    const changes: Queries['changes'] = async (user, after, upTo, limit) => {
      const parts = await Promise.all([
        answer(() => models.messagesSince(user, after, upTo, limit)),
        answer(() => models.receiptsSince(user, after, upTo, limit)),
        answer(() => models.memberChangesSince(user, after, upTo, limit)),
        answer(() => models.amendmentsSince(user, after, upTo, limit)),
      ])
      const all: Change[] = parts.flat()
      const rows = all.sort((one, other) => one.position - other.position).slice(0, limit)
      return { rows, more: rows.length >= limit }
    }

    const queries: Partial<Queries> = {
      changes,
      conversations: ids => answer(() => models.conversations(ids)),
      saidById: ids => answer(() => models.saidById(ids)),
      saidIds: (after, limit) => answer(() => models.saidIds(after, limit)),
      askedAbout: (conversation, asked) => answer(() => models.askedAbout(conversation, asked)),
      marks: of => answer(() => models.marks(of)),
      acknowledged: (conversation, user) => answer(() => models.acknowledged(conversation, user)),
      arrivals: (asked, asOf) => answer(() => models.arrivals(asked, asOf)),
      undelivered: (...of) => answer(() => models.undelivered(...of)),
      messages: (...of) => answer(() => models.messages(...of)),
      unacknowledged: (...of) => answer(() => models.unacknowledged(...of)),
      keepingMarks: conversations => answer(() => models.keepingMarks(conversations)),
      signedOutDevices: () => Promise.resolve([]),
    }

    return {
      queries: queries as Queries,
      positions: positions.asObservable(),
      position: () => positions.value,
      reached: reachedIn(positions),
      start: followed => {
        feed = followed
        const take = (events: readonly { position: Position }[], upTo: Position): void => {
          lastEvent = Math.max(lastEvent, events.at(-1)?.position ?? lastEvent)
          head = Math.max(head, upTo, lastEvent)
          settle()
        }
        fed = followed.batches.subscribe(({ events, upTo }) => take(events, upTo))
        take(followed.since(head), followed.head())
        this.#followers.add(told)
        told()
      },
      stop: () => {
        fed?.unsubscribe()
        this.#followers.delete(told)
        return Promise.resolve()
      },
    }
  }
}
