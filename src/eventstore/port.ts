// The port: what Verbatim needs of an event store, in its own words. eventstoredb.ts is the adapter.

/**
 * A commit position in `$all`. EventStoreDB's are unsigned 64-bit byte offsets; a number is exact up to 2^53 (a log of
 * 9 PB), and the adapter refuses more. On the wire it is a decimal string.
 */
export type Position = number

export interface Actor {
  readonly user: string | null
  readonly device: string | null
  readonly session: string | null
}

/** Who asked for it: a person, a person's app by itself, or Verbatim. */
export type Origin = 'user' | 'app' | 'system'

/** What stands beside every event: who, when, and because of what. Never content. */
export interface Metadata {
  readonly actor: Actor
  readonly origin: Origin
  /** The server's time, RFC 3339 UTC with milliseconds. */
  readonly at: string
  readonly correlationId: string
  readonly causationId: string
}

/** An event to be appended. `id` is a UUID: the same id at the same expected revision is the same event. */
export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Metadata
}

/** An event as the log has it, before its shape was checked. */
export interface RawEvent {
  readonly stream: string
  readonly revision: number
  readonly position: Position
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: unknown
}

/** The revision the stream must have: an exact one, none at all, or any. */
export type ExpectedRevision = number | 'none' | 'any'

/** Revision and position of the last event of the append. */
export interface Appended {
  readonly revision: number
  readonly position: Position
}

/** The stream had another revision than expected: read its tail and decide again. `actual` is null for a missing stream. */
export class WrongRevision extends Error {
  readonly actual: number | null
  constructor(stream: string, expected: ExpectedRevision, actual: number | null) {
    super(`stream ${stream} was expected at revision ${expected} and is at ${actual ?? 'none'}`)
    this.actual = actual
  }
}

/** The store did not answer in time. Whether the append happened is not known; the same append may be repeated. */
export class StoreUnavailable extends Error {}

/** A piece of the feed: events in `$all` order, then the position up to which nothing is missing. */
export interface FeedBatch {
  readonly events: readonly RawEvent[]
  readonly upTo: Position
  /** Whether the end of the log had been reached when this was read. */
  readonly live: boolean
}

export interface FeedReader {
  take(batch: FeedBatch): void | Promise<void>
  /** The subscription is over and does not come back. */
  lost(error: Error): void
}

/** Hears when an append begins, and, with what it answered then, when it has ended. */
export interface AppendMeter {
  began(): number
  ended(began: number): void
  /** Up to here the log is known to reach. */
  durable(position: Position): void
}

export interface EventStore {
  /** Resolves once the events are durable. Rejects with WrongRevision or StoreUnavailable. */
  append(stream: string, events: readonly NewEvent[], expected: ExpectedRevision): Promise<Appended>
  /** The events from a revision on (inclusive), oldest first, in pages. Nothing for a stream that does not exist. */
  read(stream: string, from?: number): AsyncIterable<readonly RawEvent[]>
  /** The same from the last event back to the first: newest first, in pages. */
  back(stream: string): AsyncIterable<readonly RawEvent[]>
  /** The stream's last event, if it has one. */
  last(stream: string): Promise<RawEvent | undefined>
  /** Whether an event is at this position: a log that was put back from a backup may end before it. */
  holds(position: Position): Promise<boolean>
  /** How many events of streams with these prefixes are after a position (-1: all), as far as the next thousand events tell. */
  countAfter(prefixes: readonly string[], position: Position): Promise<number>
  /**
   * All events of streams with these prefixes after a position (exclusive; undefined: from the start), then live ones, until
   * the returned function is called. Reconnects by itself. A few batches are under way at most; the next is
   * handed on when one has been taken, so a slow reader slows the reading and costs no memory.
   */
  subscribe(prefixes: readonly string[], after: Position | undefined, reader: FeedReader): () => void
  close(): Promise<void>
}
