// A subscription to `$all` that survives: it starts again from where it was, reads no further than is taken, and says
// how far nothing is missing.
import type { FeedReader, Position, RawEvent } from '../port.ts'
import { CallFailed, type Call } from './call.ts'
import type { Connections } from './connection.ts'
import { readAnswer } from './read-answer.ts'
import { paths, subscribeFrame } from './encode.ts'

/** Events in a batch before it goes early. */
const batchSize = 500
/** Checkpoints come every 32 × this many events looked at. */
const checkpointInterval = 32

export interface Subscription {
  /** Hands on what has come, without waiting for more of this tick. */
  flush(): void
  stop(): void
}

export function subscribe(
  connections: Connections,
  prefixes: readonly string[],
  after: Position | undefined,
  reader: FeedReader,
): Subscription {
  let upTo = after ?? null
  let said = upTo
  let saidLive = false
  let events: RawEvent[] = []
  let live = false
  /** The reader has not taken the last batch yet. */
  let taking = false
  let scheduled = false
  let stopped = false
  let pause = 50
  let current: Call | undefined

  const stop = () => {
    stopped = true
    current?.cancel()
  }
  const lost = (error: Error) => {
    if (stopped) return
    stop()
    reader.lost(error)
  }

  const flush = () => {
    if (stopped || taking || upTo === null || (upTo === said && live === saidLive)) return
    const batch = { events, upTo, live }
    events = []
    said = upTo
    saidLive = live
    const taken = reader.take(batch)
    if (!taken) return
    taking = true
    current?.pause()
    taken.then(() => {
      taking = false
      flush()
      if (!taking) current?.resume()
    }, lost)
  }
  const later = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      flush()
    })
  }

  const take = (event: RawEvent) => {
    if (upTo !== null && event.position <= upTo) return // seen before the connection broke
    events.push(event)
    upTo = event.position
    if (events.length >= batchSize) flush()
    else later()
  }

  const hear = (message: Buffer) => {
    pause = 50
    const answer = readAnswer(message)
    if (answer === undefined || stopped) return
    if (answer === 'caught-up') {
      live = true
      later()
    } else if ('event' in answer) take(answer.event)
    else if (upTo === null || answer.checkpoint > upTo) {
      upTo = answer.checkpoint
      later()
    }
  }

  const again = () => {
    if (stopped) return
    current = undefined
    live = false
    setTimeout(() => void open(), pause)
    pause = Math.min(pause * 2, 2_000)
  }

  const over = (error: Error | undefined) => {
    if (error && !(error instanceof CallFailed)) lost(error)
    else again()
  }

  const open = async () => {
    try {
      const connection = await connections.current()
      if (stopped) return
      current = connection.call(paths.read, { message: hear, over })
      current.end(subscribeFrame(prefixes, upTo, checkpointInterval))
      if (taking) current.pause()
    } catch (error) {
      over(error as Error)
    }
  }

  void open()
  return { flush, stop }
}
