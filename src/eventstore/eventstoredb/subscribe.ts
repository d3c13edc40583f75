// A subscription to `$all` that survives: it starts again from where it was, reads no further than is taken, and says
// how far nothing is missing.
import { START, streamNameFilter, type AllStreamSubscription, type EventStoreDBClient } from '@eventstore/db-client'
import type { FeedBatch, RawEvent } from '../port.ts'
import { exact, fromClient } from './convert.ts'

export interface ClientSubscription {
  /** The receiver has taken one batch: room for another. */
  taken(): void
  stop(): void
}

/** Batches under way to the receiver before reading stops, and events in a batch before it goes early. */
const underWay = 4
const batchSize = 500
/** Checkpoints come every 32 × this many events looked at. */
const checkpointInterval = 32

export function subscribe(
  client: EventStoreDBClient,
  prefixes: readonly string[],
  after: number | null,
  say: (batch: FeedBatch) => void,
): ClientSubscription {
  let upTo = after
  let said = after
  let saidLive = false
  let events: RawEvent[] = []
  let live = false
  let room = underWay
  let scheduled = false
  let stopped = false
  let pause = 50
  let current: AllStreamSubscription | undefined

  const flush = () => {
    scheduled = false
    if (stopped || upTo === null || room === 0 || (upTo === said && live === saidLive)) return
    const batch = { events, upTo, live }
    events = []
    said = upTo
    saidLive = live
    if (--room === 0) current?.pause()
    say(batch)
  }
  const later = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  const take = (event: RawEvent) => {
    pause = 50
    if (upTo !== null && event.position <= upTo) return // seen before the connection broke
    events.push(event)
    upTo = event.position
    if (events.length >= batchSize) flush()
    else later()
  }

  /** A checkpoint counts only when no event before it still waits in the stream's buffer. */
  const considered = (position: number, subscription: AllStreamSubscription) => {
    if (subscription.readableLength > 0 || (upTo !== null && position <= upTo)) return
    upTo = position
    later()
  }

  const open = () => {
    const subscription: AllStreamSubscription = client.subscribeToAll({
      fromPosition: upTo === null ? START : { commit: BigInt(upTo), prepare: BigInt(upTo) },
      filter: streamNameFilter({
        prefixes: [...prefixes],
        checkpointInterval,
        checkpointReached: (_, position) => considered(exact(position.commit), subscription),
      }),
    })
    current = subscription
    let over = false
    let caughtUp = false
    /** Said when it arrives, and the events before it may wait in the stream's buffer still. */
    const settle = () => {
      if (live || !caughtUp || subscription.readableLength > 0) return
      live = true
      later()
    }
    const again = () => {
      if (over || stopped) return
      over = true
      live = false
      subscription.unsubscribe().catch(() => undefined)
      setTimeout(open, pause)
      pause = Math.min(pause * 2, 2_000)
    }
    subscription
      .on('data', ({ event }) => {
        if (over) return
        if (event) take(fromClient(event))
        settle()
      })
      .on('caughtUp', () => {
        caughtUp = true
        pause = 50
        settle()
      })
      .on('error', again)
      .on('end', again)
      .on('close', again)
    if (room === 0) subscription.pause()
  }

  open()
  return {
    taken: () => {
      room++
      flush()
      if (room > 0) current?.resume()
    },
    stop: () => {
      stopped = true
      current?.unsubscribe().catch(() => undefined)
    },
  }
}
