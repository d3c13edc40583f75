// What a session can be in, what can happen to it, and what it wants done. session.ts is the table over these.
import type { Refusal, SessionEnd } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import type { Outgoing } from './outbox.ts'
import type { Envelope } from './parse.ts'

/** Frames that wait, newest first: adding one is adding a link. */
export type Waiting = { readonly frame: Outgoing; readonly before: Waiting } | undefined

interface Held {
  readonly waiting: Waiting
  readonly waitingBytes: number
  /** What waited up to here was let go, as too much: it is read from the read models instead. -1: nothing was. */
  readonly letGo: Position
}

/** Frames whose answers are due, in every state in which frames are taken. */
interface Taking {
  readonly unanswered: number
}

/** Not welcomed yet: the log must have the session, and the fan-out too. */
export interface Opening extends Held {
  readonly mode: 'opening'
  readonly recorded: boolean
  readonly base: Position | undefined
}

/** Welcomed; whether it resumes is not known. Everything after `base` waits. */
export interface Settling extends Held, Taking {
  readonly mode: 'settling'
  readonly base: Position
}

/** Is told what it missed. `from` is its cursor; undefined where it does not resume and gets what is unacknowledged. */
export interface Resuming extends Held, Taking {
  readonly mode: 'resuming'
  readonly base: Position
  readonly from: Position | undefined
  /** What is being loaded, and up to where. */
  readonly loading: { readonly what: 'changes' | 'unacknowledged'; readonly upTo: Position }
  /** A page is with the reader; once it is taken the next one is loaded, after this position, or that was all up to there. */
  readonly page: { readonly next: Position | undefined } | undefined
}

export interface Live extends Taking {
  readonly mode: 'live'
}

export interface Closing {
  readonly mode: 'closing'
}

export type State = Opening | Settling | Resuming | Live | Closing
export type Mode = State['mode']

/** `head`: how far the fan-out is at that moment; all it has handed over so far is not after it. */
export type Event =
  | { readonly type: 'attached'; readonly base: Position }
  | { readonly type: 'recorded' }
  | { readonly type: 'framed'; readonly frame: Envelope; readonly body: string | undefined }
  | { readonly type: 'garbled'; readonly refusal: Refusal; readonly id: string | undefined }
  /** `from` is the cursor's position, or why it is none. */
  | { readonly type: 'resume'; readonly from: Position | 'epoch' | 'unknown-cursor'; readonly head: Position }
  /** Whether the position that was awaited has been reached. */
  | { readonly type: 'reached'; readonly reached: boolean; readonly head: Position }
  | { readonly type: 'answered'; readonly frame: Outgoing | undefined }
  | { readonly type: 'pushed'; readonly frame: Outgoing }
  /** Something without a place in the log's order. */
  | { readonly type: 'told'; readonly frame: Outgoing }
  /** A page of what was missed, with the position to go on after; undefined: that was all. */
  | {
      readonly type: 'loaded'
      readonly frames: readonly Outgoing[]
      readonly next: Position | undefined
    }
  | { readonly type: 'drained'; readonly head: Position }
  | { readonly type: 'settled' }
  /** Without a head it has nothing to say. */
  | { readonly type: 'beat'; readonly head: Position | undefined }
  | { readonly type: 'slow' }
  | { readonly type: 'failed' }
  | { readonly type: 'expired' }
  | { readonly type: 'stopped' }
  | { readonly type: 'lost' }
  | { readonly type: 'signed-out' }
  | { readonly type: 'closed'; readonly why: SessionEnd }

export type Effect =
  | { readonly do: 'send'; readonly frame: Outgoing }
  | { readonly do: 'welcome'; readonly base: Position }
  | { readonly do: 'head' | 'resumed'; readonly position: Position }
  | { readonly do: 'reset'; readonly reason: 'epoch' | 'unknown-cursor' }
  | { readonly do: 'pong' }
  | { readonly do: 'refuse'; readonly refusal: Refusal; readonly id: string | undefined }
  /** Call the command that a frame asks for. */
  | { readonly do: 'ask'; readonly frame: Envelope; readonly body: string | undefined }
  /** Wait until the log here is as far as the cursor: another box may be ahead of this one. */
  | { readonly do: 'await'; readonly position: Position }
  | { readonly do: 'load-changes'; readonly after: Position; readonly upTo: Position }
  | { readonly do: 'load-unacknowledged'; readonly after: Position; readonly upTo: Position }
  /** Tell `drained` when the reader has taken all. */
  | { readonly do: 'when-drained' }
  | { readonly do: 'start-settling' }
  | { readonly do: 'start-beat' }
  | { readonly do: 'stop-reading' | 'go-on-reading' }
  | { readonly do: 'close'; readonly code: number; readonly reason: string }
  /** Leave the fan-out, which it joined after its end. */
  | { readonly do: 'detach' }
  /** Leave the fan-out, and tell the log. Once in a session's life. */
  | { readonly do: 'end'; readonly why: SessionEnd }

export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}
