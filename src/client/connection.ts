// The connection as a total table, state × event. Pure: reads no clock, rolls no dice; socket.ts carries out the effects.
import { backoff } from './backoff.ts'
import type { ClientFrame } from './frames.ts'

/** Why it is over. `code` is the close code, or the HTTP status that the upgrade was answered with. */
export interface Ending {
  readonly code: number
  readonly reason: string
}

/** `attempt` counts the tries since the connection was last well; `probed`: silence was answered with a ping. */
export type State =
  | { readonly is: 'idle' }
  | { readonly is: 'connecting'; readonly attempt: number }
  | { readonly is: 'settling'; readonly attempt: number }
  | { readonly is: 'resuming'; readonly attempt: number; readonly probed: boolean }
  | { readonly is: 'live'; readonly attempt: number; readonly probed: boolean }
  | { readonly is: 'waiting'; readonly attempt: number }
  | { readonly is: 'closed'; readonly why: Ending }

export type Happening =
  | { readonly type: 'connect' }
  /** The socket is open. */
  | { readonly type: 'open' }
  /** With the cursor to resume from, if there is one. */
  | { readonly type: 'welcome'; readonly resumeFrom: string | undefined }
  | { readonly type: 'resumed' }
  | { readonly type: 'reset' }
  /** The socket closed or never opened. `luck` in [0, 1) is the jitter; `afterMs`: the server said when to come back. */
  | {
      readonly type: 'lost'
      readonly code: number
      readonly reason: string
      readonly luck: number
      readonly afterMs?: number | undefined
    }
  /** The upgrade was answered 401: this token will not get in. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string }
  /** The timer that was set. `silent`: no frame has come since it was. */
  | { readonly type: 'timer'; readonly silent: boolean; readonly luck: number }
  | { readonly type: 'close'; readonly reason: string }

export type Effect =
  | { readonly do: 'open' }
  /** Closes the socket and hears nothing more from it. */
  | { readonly do: 'drop'; readonly code: number }
  | { readonly do: 'send'; readonly frame: ClientFrame }
  /** Everything that has to be said again on a new socket: unanswered sends, marks, who is watched. */
  | { readonly do: 'catch up' }
  /** Replaces the one timer; null: none. */
  | { readonly do: 'timer'; readonly ms: number | null }
  | { readonly do: 'end'; readonly why: Ending }

export interface Step {
  readonly now: State
  readonly effects: readonly Effect[]
}

type StateNamed<S> = Extract<State, { is: S }>
type HappeningNamed<E> = Extract<Happening, { type: E }>
type Table = {
  readonly [S in State['is']]: {
    readonly [E in Happening['type']]: (now: StateNamed<S>, event: HappeningNamed<E>) => Step
  }
}

/** No welcome for so long: try again. */
const PATIENCE = 20_000
/** `head` comes every few seconds; this long without any frame, and a ping asks whether anyone is there. */
const SILENCE = 15_000

const stay = (now: State): Step => ({ now, effects: [] })

const tryNow = (attempt: number): Step => ({
  now: { is: 'connecting', attempt },
  effects: [{ do: 'open' }, { do: 'timer', ms: PATIENCE }],
})

/** Who is sent away is not alone: all of them spread over as long as a fourth attempt would. */
const SENT_AWAY = 3

const tryLater = (attempt: number, luck: number, least = 0): Step => ({
  now: { is: 'waiting', attempt: attempt + 1 },
  effects: [{ do: 'timer', ms: least + backoff(attempt, luck) }],
})

const end = (why: Ending, drop: boolean): Step => ({
  now: { is: 'closed', why },
  effects: [...(drop ? [{ do: 'drop', code: 1000 } as const] : []), { do: 'timer', ms: null }, { do: 'end', why }],
})

/** 4000–4499 and the protocol's own codes come back, 4500–4999 do not. */
const lost = ({ attempt }: { attempt: number }, { code, reason, luck, afterMs }: HappeningNamed<'lost'>): Step => {
  if (code >= 4500 && code <= 4999) return end({ code, reason }, false)
  const { now } = tryLater(attempt, luck)
  const { effects } = tryLater(code >= 4000 ? Math.max(attempt, SENT_AWAY) : attempt, luck, afterMs)
  return { now, effects }
}

const giveUpOn = ({ attempt }: { attempt: number }, { luck }: { luck: number }): Step => {
  const { now, effects } = tryLater(attempt, luck)
  return { now, effects: [{ do: 'drop', code: 4000 }, ...effects] }
}

const refused = (_: State, { status, reason }: HappeningNamed<'refused'>): Step => end({ code: status, reason }, false)
const closing = (_: State, { reason }: HappeningNamed<'close'>): Step => end({ code: 1000, reason }, true)

const listening = (now: StateNamed<'resuming' | 'live'>, event: HappeningNamed<'timer'>): Step => {
  const again = { do: 'timer', ms: SILENCE } as const
  if (!event.silent) return { now: { ...now, attempt: 0, probed: false }, effects: [again] }
  if (now.probed) return giveUpOn(now, event)
  return { now: { ...now, probed: true }, effects: [{ do: 'send', frame: { type: 'ping' } }, again] }
}

/** Another session took over: it does not know what stands, and what was answered may have been lost with the one before. */
const anew = (now: State): Step => ({ now, effects: [{ do: 'catch up' }] })

const live = ({ attempt }: { attempt: number }): State => ({ is: 'live', attempt, probed: false })

const table: Table = {
  idle: {
    connect: () => tryNow(0),
    open: stay,
    welcome: stay,
    resumed: stay,
    reset: stay,
    lost: stay,
    refused: stay,
    timer: stay,
    close: (_, { reason }) => end({ code: 1000, reason }, false),
  },
  connecting: {
    connect: stay,
    open: ({ attempt }) => ({ now: { is: 'settling', attempt }, effects: [{ do: 'timer', ms: PATIENCE }] }),
    welcome: stay,
    resumed: stay,
    reset: stay,
    lost,
    refused,
    timer: giveUpOn,
    close: closing,
  },
  settling: {
    connect: stay,
    open: stay,
    // `resume` is the session's first frame; without one, a ping releases what the server otherwise holds back for 1 s
    welcome: (now, { resumeFrom }) => ({
      now: resumeFrom === undefined ? live(now) : { is: 'resuming', attempt: now.attempt, probed: false },
      effects: [
        { do: 'send', frame: resumeFrom === undefined ? { type: 'ping' } : { type: 'resume', cursor: resumeFrom } },
        { do: 'catch up' },
        { do: 'timer', ms: SILENCE },
      ],
    }),
    resumed: stay,
    reset: stay,
    lost,
    refused: stay,
    timer: giveUpOn,
    close: closing,
  },
  resuming: {
    connect: stay,
    open: stay,
    welcome: anew,
    resumed: now => stay(live(now)),
    reset: now => stay(live(now)),
    lost,
    refused: stay,
    timer: listening,
    close: closing,
  },
  live: {
    connect: stay,
    open: stay,
    welcome: anew,
    resumed: stay,
    reset: stay,
    lost,
    refused: stay,
    timer: listening,
    close: closing,
  },
  waiting: {
    connect: ({ attempt }) => tryNow(attempt),
    open: stay,
    welcome: stay,
    resumed: stay,
    reset: stay,
    lost: stay,
    refused: stay,
    timer: ({ attempt }) => tryNow(attempt),
    close: (_, { reason }) => end({ code: 1000, reason }, false),
  },
  closed: {
    connect: stay,
    open: stay,
    welcome: stay,
    resumed: stay,
    reset: stay,
    lost: stay,
    refused: stay,
    timer: stay,
    close: stay,
  },
}

export const states = Object.keys(table) as State['is'][]
export const happenings = Object.keys(table.idle) as Happening['type'][]

/** What is so afterwards, and what has to be done. */
export function step(now: State, event: Happening): Step {
  const row = table[now.is][event.type] as (now: State, event: Happening) => Step
  return row(now, event)
}
