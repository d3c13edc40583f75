// The feed: one live tail of the log a process, checked once and shared by projections and gateway.
import { type Observable, Subject } from 'rxjs'
import { decode, type RecordedEvent } from './codec.ts'
import type { EventStore, FeedBatch, Position, RawEvent } from './port.ts'
import { prefixes } from './streams.ts'

/**
 * What is kept until the projections have passed it, in events and in characters of their contents. More, and the feed
 * waits, and the store behind it: bounded memory before low latency.
 */
export interface Room {
  readonly events: number
  readonly characters: number
}
const usualRoom: Room = { events: 100_000, characters: 128 * 1024 * 1024 }

/** Checked events in `$all` order; up to `upTo` nothing is missing. */
export interface Batch {
  readonly events: readonly RecordedEvent[]
  readonly upTo: Position
}

export interface Feed {
  readonly batches: Observable<Batch>
  /** How far this process has seen the log. */
  head(): Position
  /** Resolves when the end of the log, as it was then, has been seen. */
  readonly live: Promise<void>
  /** The events after a position that are still kept: all from `release`d on. */
  since(position: Position): readonly RecordedEvent[]
  /** Nobody needs what is up to here any more (projections have passed it). */
  release(upTo: Position): void
  /** An event that cannot be read was set aside: how many so far. */
  setAside(): number
  stop(): void
}

/**
 * Starts the one subscription, after `after`. An event of a known type that cannot be read is reported and set aside: one
 * bad event must not stop everybody's chat, and the log keeps it for who looks into it.
 */
export function startFeed(
  store: EventStore,
  after: Position | undefined,
  hooks: { onSetAside: (error: Error) => void; onLost: (error: Error) => void },
  room: Room = usualRoom,
): Feed {
  const batches = new Subject<Batch>()
  let kept: RecordedEvent[] = []
  let characters = 0
  let head = after ?? -1
  let aside = 0
  const waitForRoom: (() => void)[] = []
  let isLive: () => void
  const live = new Promise<void>(resolve => (isLive = resolve))

  const check = (raw: RawEvent): RecordedEvent | undefined => {
    try {
      return decode(raw)
    } catch (error) {
      aside++
      hooks.onSetAside(error as Error)
      return undefined
    }
  }

  const take = (batch: FeedBatch): void | Promise<void> => {
    const events: RecordedEvent[] = []
    for (const raw of batch.events) {
      const event = check(raw)
      if (event === undefined) continue
      events.push(event)
      kept.push(event)
      characters += contentOf(event)
    }
    head = batch.upTo
    batches.next({ events, upTo: batch.upTo })
    if (batch.live) isLive()
    if (isFull()) return new Promise(resolve => waitForRoom.push(resolve))
  }

  const isFull = () => kept.length > room.events || characters > room.characters

  const stop = store.subscribe(prefixes, after, { take, lost: hooks.onLost })

  return {
    batches,
    head: () => head,
    live,
    since: position => kept.slice(firstAfter(kept, position)),
    release: upTo => {
      const from = firstAfter(kept, upTo)
      for (let n = 0; n < from; n++) characters -= contentOf(kept[n]!)
      if (from > 0) kept = kept.slice(from)
      if (!isFull()) for (const go of waitForRoom.splice(0)) go()
    },
    setAside: () => aside,
    stop: () => {
      stop()
      batches.complete()
    },
  }
}

const contentOf = ({ data }: RecordedEvent): number => ('content' in data ? data.content.box.length : 0)

/** Index of the first event after a position, by halving. */
function firstAfter(events: readonly RecordedEvent[], position: Position): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (events[middle]!.position <= position) low = middle + 1
    else high = middle
  }
  return low
}
