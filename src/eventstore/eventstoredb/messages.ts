// What the main thread and the client's thread say to each other: one JSON text a tick and direction, an array of these.
import type { Appended, ExpectedRevision, FeedBatch, NewEvent, RawEvent } from '../port.ts'

export type Request =
  | { n: number; op: 'append'; stream: string; events: readonly NewEvent[]; expected: ExpectedRevision }
  | { n: number; op: 'read'; stream: string; from: number; limit: number }
  | { n: number; op: 'holds'; position: number }
  | { n: number; op: 'count'; prefixes: readonly string[]; after: number }
  /** From a revision (null: the last one) back. */
  | { n: number; op: 'back'; stream: string; from: number | null; limit: number }
  | { n: number; op: 'subscribe'; prefixes: readonly string[]; after: number | null }
  | { n: number; op: 'taken' }
  | { n: number; op: 'unsubscribe' }

export type Failure =
  | { kind: 'wrong-revision'; actual: number | null }
  | { kind: 'unavailable'; message: string }
  | { kind: 'fault'; message: string }

export interface AppendDone {
  n: number
  appended: Appended
}

export interface ReadDone {
  n: number
  events: readonly RawEvent[]
}

export interface HoldsDone {
  n: number
  holds: boolean
}

export interface CountDone {
  n: number
  count: number
}

/** Answers a subscription again and again. */
export interface Batched {
  n: number
  batch: FeedBatch
}

export interface Failed {
  n: number
  failed: Failure
}

/** `n` names the request that is answered. */
export type Answer = AppendDone | ReadDone | HoldsDone | CountDone | Batched | Failed

/** Collects what is to be said during a tick and says it as one text at its end. */
export function perTick<T>(post: (text: string) => void): (message: T) => void {
  let waiting: T[] = []
  return message => {
    if (waiting.push(message) > 1) return
    setImmediate(() => {
      const now = waiting
      waiting = []
      post(JSON.stringify(now))
    })
  }
}
