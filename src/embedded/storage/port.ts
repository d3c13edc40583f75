// What the engine asks of the thing that keeps the log. Two adapters: disk/ with log files and an index, memory.ts for tests.
import type { EventRecord } from '../engine/event-record.ts'

/** One event of a commit and where it goes. */
export interface Entry {
  record: EventRecord
  position: number
  /** The stream's key: the position of the event that opened it, which no other stream has. */
  stream: number
  revision: number
  /** The stream's name, on the event that opens it. */
  opens?: string
}

/** How much to read at once: as many events, or until there are so many bytes. */
export interface PageLimit {
  events: number
  bytes: number
}

export interface LogStorage {
  /** Where the log ends: the next event's position. */
  end(): number
  /** Stores all or nothing; resolves when it is on disk, and readers see it. One at a time. */
  commit(entries: readonly Entry[]): Promise<void>

  /** Whether an event begins there. */
  holds(position: number): boolean

  streamKey(name: string): number | undefined
  /** The last revision of a stream there is. */
  lastRevision(stream: number): number
  eventAt(stream: number, revision: number): EventRecord | undefined

  /** Events from this position on, it included: one that the log holds, or its end. */
  forward(from: number, limit: PageLimit): EventRecord[]
  /** Events before this position, it excluded, the latest first. The same goes for it. */
  backward(before: number, limit: PageLimit): EventRecord[]
  /** Both ends are included. */
  streamForward(stream: number, from: number, to: number, limit: PageLimit): EventRecord[]
  streamBackward(stream: number, from: number, to: number, limit: PageLimit): EventRecord[]

  close(): Promise<void>
}

/** Positions begin above 0: to EventStoreDB's clients position 0 means "from the start", before the first event. */
export const FIRST_POSITION = 1

/** Takes from what is found until the page is full; always at least one. */
export const takePage = (found: Iterable<EventRecord>, limit: PageLimit): EventRecord[] => {
  const page: EventRecord[] = []
  let bytes = 0
  if (limit.events <= 0) return page
  for (const record of found) {
    page.push(record)
    bytes += record.length
    if (page.length >= limit.events || bytes >= limit.bytes) break
  }
  return page
}
