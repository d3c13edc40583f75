// The chat queue of this box: what somebody who is here has not acknowledged is pushed again, with growing gaps, until a device
// of theirs acknowledges it, anywhere; or it is given up. One timer a box. What waits is asked of the read models, and so is
// what it says: nothing of it is kept here but how often it was pushed.
import { LRUCache } from 'lru-cache'
import type { Commands } from '../../commands/index.ts'
import { isOver, isRefusal } from '../../domain/index.ts'
import { idIn, type Feed, type Position, type RecordedEvent } from '../../eventstore/index.ts'
import type { MessageRow, Projections } from '../../projections/index.ts'
import { tally, type Tally } from '../../metrics/index.ts'
import { faulted } from '../asking.ts'
import type { Log } from '../settings.ts'
import type { Timers } from '../timers.ts'
import type { Fanout } from './fanout.ts'
import type { Frames } from './frames.ts'
import { Overdue, type Policy } from './overdue.ts'
import { Unacknowledged } from './unacknowledged.ts'

export interface RedeliveryParts {
  readonly fanout: Fanout
  readonly frames: Frames
  readonly projections: Pick<Projections, 'queries' | 'reached'>
  readonly feed: Pick<Feed, 'head'>
  readonly failDelivery: Commands['failDelivery']
  readonly timers: Timers
  readonly policy: Policy
  /** Whether acknowledgements are being held back: nothing is overdue then. */
  readonly holds: () => boolean
  readonly log: Log
}

export interface Redelivery {
  /** The feed's next events, which the fan-out has taken. */
  take(events: readonly RecordedEvent[]): void
  /** A session has become live; `told`: it was told all that waits for its user. */
  arrived(user: string, told: boolean): void
  /** Messages that are overdue for somebody who is here. */
  waiting(): number
  /** For how long the oldest of these has been so (milliseconds). */
  oldestMs(): number
  /** So far: pushed once more, and given up. */
  readonly done: Tally<'again' | 'givenUp'>
  stop(): void
}

/** Messages of one conversation, or of somebody who has come, that are looked after at a time. */
const pageRows = 100
/** Questions that are put at once; those about who has come are asked together, as many as one may hold. */
const atOnce = 8
const comeAtOnce = 20
/** People who are gone, of whom it is remembered how often what waits was pushed; conversations known to keep no marks. */
const remembered = 10_000
const reachedMs = 5_000

type Queue = Map<string, Overdue<MessageRow>>

export function createRedelivery(parts: RedeliveryParts): Redelivery {
  const { fanout, frames, projections, feed, failDelivery, timers, policy, holds, log } = parts
  const { queries } = projections
  const tickMs = Math.min(Math.max(policy.backoffMs / 4, 10), 250)
  const fresh = new Unacknowledged(fanout)
  /** By user, then by conversation. */
  const overdue = new Map<string, Queue>()
  const gone = new LRUCache<string, Queue>({ max: remembered })
  const arrivals = new Map<string, { at: number; position: Position }>()
  const unmarked = new LRUCache<string, true>({ max: remembered })
  const done = tally(['again', 'givenUp'])
  let stopTimer: (() => void) | undefined
  let working = false
  let stopped = false

  const arm = (): void => {
    if (stopTimer || working || stopped || (fresh.empty && overdue.size === 0 && arrivals.size === 0)) return
    stopTimer = timers.after(tickMs, () => {
      stopTimer = undefined
      working = true
      void tick()
        .catch((error: unknown) => faulted(error, 'pushing again', log))
        .then(() => {
          working = false
          arm()
        })
    })
  }

  const all = () => [...overdue.values()].flatMap(queue => [...queue.values()])

  const queueOf = (user: string): Queue => {
    const here = overdue.get(user)
    if (here) return here
    const queue = gone.get(user) ?? new Map<string, Overdue<MessageRow>>()
    for (const one of queue.values()) one.back(timers.now())
    gone.delete(user)
    overdue.set(user, queue)
    return queue
  }
  const due = (user: string, conversation: string, upTo: number): void => {
    const queue = queueOf(user)
    const one = queue.get(conversation) ?? new Overdue<MessageRow>(user, conversation, policy)
    queue.set(conversation, one)
    one.due(upTo)
  }

  const tick = async (): Promise<void> => {
    // what the feed has brought until now must be in the read models, or it would be taken for acknowledged
    const now = timers.now()
    if (holds() || !(await projections.reached(feed.head(), reachedMs))) return
    const suspects = fresh.suspects(now, policy.backoffMs).filter(({ conversation }) => !unmarked.has(conversation))
    if (suspects.length > 0) {
      const asked = [...new Set(suspects.map(({ conversation }) => conversation))]
      const marked = new Set(await queries.keepingMarks(asked))
      for (const conversation of asked) if (!marked.has(conversation)) unmarked.set(conversation, true)
      for (const { user, conversation, upTo } of suspects) if (marked.has(conversation)) due(user, conversation, upTo)
    }
    const come = [...arrivals].filter(([, { at }]) => now - at >= policy.backoffMs)
    for (const [user] of come) arrivals.delete(user)
    await few(come, comeAtOnce, ([user, { position }]) => lookAtAll(user, position))
    for (const [user, queue] of overdue) {
      if (fanout.person(user)) continue
      overdue.delete(user)
      gone.set(user, queue)
    }
    await few(
      all().filter(({ nextAt }) => nextAt <= now),
      atOnce,
      look,
    )
  }

  /** Who has come is asked for once: what waits for them may have been pushed elsewhere, or before. */
  const lookAtAll = async (user: string, position: Position): Promise<void> => {
    if (!fanout.person(user)) return
    const { rows, more } = await queries.unacknowledged(user, -1, position, pageRows)
    for (const { conversation, seq } of rows) due(user, conversation, seq)
    if (more && !arrivals.has(user)) arrivals.set(user, { at: timers.now(), position })
  }

  /** Who reads slowly is pushed nothing twice, nor who is being told what they missed; and who is gone nothing at all. */
  const idle = (user: string) => [...(fanout.person(user)?.receivers ?? [])].filter(receiver => receiver.idle)

  const look = async (one: Overdue<MessageRow>): Promise<void> => {
    const { user, conversation } = one
    // nor asked about: who comes back to many conversations has other questions then
    if (idle(user).length === 0) return one.later(timers.now())
    const rows = await queries.undelivered(user, fanout.position(), pageRows, conversation)
    const now = timers.now()
    const known = fanout.acknowledged(conversation, user)
    const waiting = rows.filter(
      ({ seq, content, expiresAt }) => content !== null && seq > known && !isOver(expiresAt, now),
    )
    const { again, giveUp } = one.look(waiting, now)
    if (one.empty) forget(one)
    const receivers = idle(user)
    if (receivers.length === 0) return
    // its place is where it comes now: a client that keeps its cursor is not thrown back
    const position = fanout.position()
    for (const message of again) {
      const frame = frames.message({ ...message, position })
      for (const receiver of receivers) receiver.again(frame)
    }
    one.pushed(again, now)
    done.again += again.length
    await Promise.all(giveUp.map(({ message, pushes }) => fail(one, message, pushes)))
  }

  const forget = ({ user, conversation }: Overdue<MessageRow>): void => {
    const queue = overdue.get(user)
    queue?.delete(conversation)
    if (queue?.size === 0) overdue.delete(user)
  }

  const fail = async (one: Overdue<MessageRow>, { conversation, id, seq }: MessageRow, attempts: number) => {
    one.givenUp(seq, true)
    const failure = { conversation, message: id, to: one.user, reason: 'not-acknowledged', attempts } as const
    const answer = await failDelivery(failure).catch((error: unknown) => faulted(error, 'failDelivery', log))
    if (isRefusal(answer)) one.givenUp(seq, false)
    else done.givenUp++
  }

  return {
    take(events) {
      fresh.take(events, timers.now())
      for (const event of events) if (event.type === 'DeliveredMarksChanged') unmarked.delete(idIn(event.stream))
      arm()
    },
    arrived(user, told) {
      const now = timers.now()
      if (!fanout.neverIn(user)) arrivals.set(user, { at: now, position: fanout.position() })
      if (overdue.has(user) || gone.has(user)) for (const one of queueOf(user).values()) if (told) one.told(now)
      arm()
    },
    done,
    waiting: () => all().reduce((sum, { size }) => sum + size, 0),
    oldestMs: () => all().reduce((oldest, { since }) => Math.max(oldest, timers.now() - since), 0),
    stop() {
      stopped = true
      stopTimer?.()
    },
  }
}

/** Does it for each, a few at a time. */
async function few<T>(all: readonly T[], atOnce: number, doing: (one: T) => Promise<void>): Promise<void> {
  for (let first = 0; first < all.length; first += atOnce)
    await Promise.all(all.slice(first, first + atOnce).map(doing))
}
