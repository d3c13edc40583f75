// The connection as a total table, state × event. Pure: reads no clock, rolls no dice; socket.ts carries out the effects.
import { backoff } from './backoff.ts'
import type { ClientFrame } from './frames.ts'

/** Why it is over. `code` is the close code, or the HTTP status that the upgrade was answered with. */
export interface Ending {
  readonly code: number
  readonly reason: string
}

/**
 * `attempt` counts the tries since the connection was last well; `probed`: silence was answered with a ping; `well`: frames have
 * been coming over this one for a while.
 */
export type State =
  | { readonly is: 'idle' }
  | { readonly is: 'connecting'; readonly attempt: number }
  | { readonly is: 'settling'; readonly attempt: number }
  | { readonly is: 'resuming'; readonly attempt: number; readonly probed: boolean; readonly well: boolean }
  | { readonly is: 'live'; readonly attempt: number; readonly probed: boolean; readonly well: boolean }
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
  /** Another socket that has its welcome has taken the place of this one. */
  | { readonly type: 'moved'; readonly resumeFrom: string | undefined }
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
  | { readonly type: 'close'; readonly reason: string; readonly code: number }

export type Effect =
  | { readonly do: 'open' }
  /** Closes the socket and hears nothing more from it. */
  | { readonly do: 'drop'; readonly code: number }
  | { readonly do: 'send'; readonly frame: ClientFrame }
  /** Everything that has to be said again on a new socket: unanswered sends, marks, who is watched. */
  | { readonly do: 'catch up' }
  /** Replaces the one timer; null: none; patience: as long as opening one may take. */
  | { readonly do: 'timer'; readonly ms: number | 'patience' | null }
  /** It was lost; `doubt`: how much that says against the way that was taken (ways.ts). */
  | { readonly do: 'left'; readonly doubt: number }
  | { readonly do: 'arrived' }
  | { readonly do: 'well' }
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

/** `head` comes every few seconds; this long without any frame, and a ping asks whether anyone is there. */
const SILENCE = 15_000

const stay = (now: State): Step => ({ now, effects: [] })

const tryNow = (attempt: number): Step => ({
  now: { is: 'connecting', attempt },
  effects: [{ do: 'open' }, { do: 'timer', ms: 'patience' }],
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

type Begun = StateNamed<'connecting' | 'settling' | 'resuming' | 'live'>

/** Nothing where it was well before, or the server itself said to come back. */
const doubtAfter = (now: Begun, { code, afterMs }: HappeningNamed<'lost'>): number => {
  if (code >= 4000 || afterMs !== undefined) return 0
  return 'well' in now ? Number(!now.well && code === 1006) : 1
}

/** 4000–4499 and the protocol's own codes come back, 4500–4999 do not. */
const lost = (was: Begun, event: HappeningNamed<'lost'>): Step => {
  const { code, reason, luck, afterMs } = event
  if (code >= 4500 && code <= 4999) return end({ code, reason }, false)
  const { now } = tryLater(was.attempt, luck)
  const { effects } = tryLater(code >= 4000 ? Math.max(was.attempt, SENT_AWAY) : was.attempt, luck, afterMs)
  return { now, effects: [{ do: 'left', doubt: doubtAfter(was, event) }, ...effects] }
}

/** That nobody answers says more against a way than that somebody says no. */
const giveUpOn = (was: Begun, { luck }: { luck: number }): Step => {
  const { now, effects } = tryLater(was.attempt, luck)
  const doubt = 'well' in was && was.well ? 0 : 2
  return { now, effects: [{ do: 'drop', code: 4000 }, { do: 'left', doubt }, ...effects] }
}

const refused = (_: State, { status, reason }: HappeningNamed<'refused'>): Step => end({ code: status, reason }, false)
const closing = (_: State, { code, reason }: HappeningNamed<'close'>): Step => end({ code, reason }, true)

const listening = (now: StateNamed<'resuming' | 'live'>, event: HappeningNamed<'timer'>): Step => {
  const again = { do: 'timer', ms: SILENCE } as const
  if (!event.silent) return { now: { ...now, attempt: 0, probed: false, well: true }, effects: [{ do: 'well' }, again] }
  if (now.probed) return giveUpOn(now, event)
  return { now: { ...now, probed: true }, effects: [{ do: 'send', frame: { type: 'ping' } }, again] }
}

/** Another session took over: it does not know what stands, and what was answered may have been lost with the one before. */
const anew = (now: State): Step => ({ now, effects: [{ do: 'catch up' }] })

const live = ({ attempt, well = false }: { attempt: number; well?: boolean }): Step => ({
  now: { is: 'live', attempt, probed: false, well },
  effects: [{ do: 'arrived' }],
})

/** `resume` is the session's first frame; without one, a ping releases what the server otherwise holds back for 1 s. */
const begin = ({ attempt }: { attempt: number }, { resumeFrom }: { resumeFrom: string | undefined }): Step => {
  const said: readonly Effect[] = [{ do: 'catch up' }, { do: 'timer', ms: SILENCE }]
  if (resumeFrom !== undefined)
    return {
      now: { is: 'resuming', attempt, probed: false, well: false },
      effects: [{ do: 'send', frame: { type: 'resume', cursor: resumeFrom } }, ...said],
    }
  const { now, effects } = live({ attempt })
  return { now, effects: [{ do: 'send', frame: { type: 'ping' } }, ...said, ...effects] }
}

const table: Table = {
  idle: {
    connect: () => tryNow(0),
    open: stay,
    welcome: stay,
    resumed: stay,
    reset: stay,
    moved: stay,
    lost: stay,
    refused: stay,
    timer: stay,
    close: (_, { code, reason }) => end({ code, reason }, false),
  },
  connecting: {
    connect: stay,
    open: ({ attempt }) => ({ now: { is: 'settling', attempt }, effects: [{ do: 'timer', ms: 'patience' }] }),
    welcome: stay,
    resumed: stay,
    reset: stay,
    moved: stay,
    lost,
    refused,
    timer: giveUpOn,
    close: closing,
  },
  settling: {
    connect: stay,
    open: stay,
    welcome: begin,
    resumed: stay,
    reset: stay,
    moved: stay,
    lost,
    refused: stay,
    timer: giveUpOn,
    close: closing,
  },
  resuming: {
    connect: stay,
    open: stay,
    welcome: anew,
    resumed: live,
    reset: live,
    moved: begin,
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
    moved: begin,
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
    moved: stay,
    lost: stay,
    refused: stay,
    timer: ({ attempt }) => tryNow(attempt),
    close: (_, { code, reason }) => end({ code, reason }, false),
  },
  closed: {
    connect: stay,
    open: stay,
    welcome: stay,
    resumed: stay,
    reset: stay,
    moved: stay,
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
