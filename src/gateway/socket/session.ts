// A session's life, pure: a row per mode and event, total. connection.ts carries out the effects.
//
//   opening ── recorded and attached ──▶ settling ── first frame, or a second ──▶ resuming ── told all ──▶ live
//   and from each of them: closing
import { refuse, type SessionEnd } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import type { Outgoing } from './outbox.ts'
import { closeCodes } from './protocol.ts'
import type { Effect, Event, Live, Mode, Opening, Resuming, Settling, State, Step, Waiting } from './session-types.ts'

type Row<M extends Mode, E extends Event['type']> = (
  state: Extract<State, { mode: M }>,
  event: Extract<Event, { type: E }>,
) => Step
export type Table = { readonly [M in Mode]: { readonly [E in Event['type']]: Row<M, E> } }

export interface SessionLimits {
  /** Bytes that may wait for a session that is being told what it missed. */
  readonly waitingBytes: number
  /** Frames that may be without an answer before no more are read. */
  readonly unanswered: number
}

export const initial: Opening = {
  mode: 'opening',
  recorded: false,
  base: undefined,
  waiting: undefined,
  waitingBytes: 0,
  letGo: -1,
}

/** Whether a session in this state is being told all that waits for its user, instead of what it missed. */
export const isToldAll = (state: State): boolean => state.mode === 'resuming' && state.from === undefined

/** What follows from an event. */
export function step(table: Table, state: State, event: Event): Step {
  const row = table[state.mode][event.type] as (state: State, event: Event) => Step
  return row(state, event)
}

export function sessionTable(limits: SessionLimits): Table {
  const hold = (state: Opening | Settling | Resuming, { frame }: { frame: Outgoing }): Step => {
    const waitingBytes = state.waitingBytes + frame.size
    if (waitingBytes > limits.waitingBytes)
      return stay({ ...state, waiting: undefined, waitingBytes: 0, letGo: frame.position! })
    return stay({ ...state, waiting: { frame, before: state.waiting }, waitingBytes })
  }

  const ask = <S extends Settling | Resuming | Live>(state: S, { frame, body }: Of<'framed'>): Step => {
    if (frame.type === 'ping') return { state, effects: [{ do: 'pong' }] }
    const unanswered = state.unanswered + 1
    const asked: Effect = { do: 'ask', frame, body }
    const full = unanswered === limits.unanswered
    return { state: { ...state, unanswered }, effects: full ? [asked, { do: 'stop-reading' }] : [asked] }
  }

  const answered = <S extends Settling | Resuming | Live>(state: S, { frame }: Of<'answered'>): Step => {
    const unanswered = state.unanswered - 1
    const effects: Effect[] = frame ? [{ do: 'send', frame }] : []
    if (unanswered === limits.unanswered - 1) effects.push({ do: 'go-on-reading' })
    return { state: { ...state, unanswered }, effects }
  }

  /** In every mode but the last, and the same in all. */
  const always = {
    recorded: stay,
    attached: stay,
    told: (state: State, { frame }: Of<'told'>) => ({ state, effects: [{ do: 'send', frame }] }) satisfies Step,
    garbled: (state: State, { refusal, id }: Of<'garbled'>) =>
      ({ state, effects: [{ do: 'refuse', refusal, id }] }) satisfies Step,
    resume: (state: State) => ({ state, effects: [{ do: 'refuse', refusal: notFirst, id: undefined }] }) satisfies Step,
    reached: stay,
    loaded: stay,
    drained: stay,
    settled: stay,
    beat: (state: State) => ({ state, effects: [{ do: 'start-beat' }] }) satisfies Step,
    ...leave,
  }

  return {
    opening: {
      ...always,
      recorded: state => welcome({ ...state, recorded: true }),
      attached: (state, { base }) => welcome({ ...state, base }),
      pushed: hold,
      framed: state => ({ state, effects: [{ do: 'refuse', refusal: tooEarly, id: undefined }] }),
      answered: stay,
      told: stay,
    },
    settling: {
      ...always,
      pushed: hold,
      framed: (state, event) => andThen(catchUp(state), now => ask(now as Resuming, event)),
      answered,
      settled: catchUp,
      resume: (state, { from, head }) => {
        if (typeof from === 'string') return reset(state, from)
        if (from > head) return { state: resuming(state, from), effects: [{ do: 'await', position: from }] }
        return resumeFrom(resuming(state, from), head)
      },
    },
    resuming: {
      ...always,
      pushed: hold,
      framed: ask,
      answered,
      reached: (state, { reached, head }) => (reached ? resumeFrom(state, head) : reset(state, 'unknown-cursor')),
      loaded: (state, { frames, next }) => ({
        state: { ...state, page: { next } },
        effects: [...frames.map(frame => ({ do: 'send', frame }) as const), { do: 'when-drained' }],
      }),
      drained: (state, { head }) => {
        if (state.page === undefined) return stay(state)
        const { next } = state.page
        if (next !== undefined) return load(state, next)
        return state.letGo > state.loading.upTo ? loadLetGo(state) : goLive(state, head)
      },
    },
    live: {
      ...always,
      pushed: (state, { frame }) => ({ state, effects: [{ do: 'send', frame }] }),
      framed: ask,
      answered,
      beat: (state, { head }) => ({
        state,
        effects: [...(head === undefined ? [] : [{ do: 'head', position: head } as const]), { do: 'start-beat' }],
      }),
    },
    closing: {
      recorded: stay,
      attached: state => ({ state, effects: [{ do: 'detach' }] }),
      pushed: stay,
      told: stay,
      framed: stay,
      garbled: stay,
      answered: stay,
      resume: stay,
      reached: stay,
      loaded: stay,
      drained: stay,
      settled: stay,
      beat: stay,
      slow: stay,
      failed: stay,
      expired: stay,
      stopped: stay,
      lost: stay,
      'signed-out': stay,
      closed: stay,
    },
  }
}

type Of<T extends Event['type']> = Extract<Event, { type: T }>

const notFirst = refuse('bad-frame', 'resume is the first frame of a session, or it is none; open another session')
const tooEarly = refuse('bad-frame', 'a frame before welcome; send the first one after it')

function stay(state: State): Step {
  return { state, effects: [] }
}

const close = (code: number, reason: string, why: SessionEnd) => (): Step => ({
  state: { mode: 'closing' },
  effects: [
    { do: 'end', why },
    { do: 'close', code, reason },
  ],
})

/** The ways out. */
const leave = {
  slow: close(closeCodes.slowReader, 'too much is waiting to be read: come back and resume', 'closed-by-server'),
  failed: close(closeCodes.overloaded, 'what you may see could not be read: come back and resume', 'closed-by-server'),
  expired: close(closeCodes.tokenExpired, 'the token has expired: sign in again', 'closed-by-server'),
  stopped: close(closeCodes.goingAway, 'this box is stopping: come back and resume', 'box-stopped'),
  lost: close(closeCodes.goingAway, 'this box was taken for lost: come back and resume', 'box-lost'),
  'signed-out': close(closeCodes.signedOut, 'this device was signed out: sign in again', 'signed-out'),
  closed: (_: State, { why }: Of<'closed'>): Step => ({ state: { mode: 'closing' }, effects: [{ do: 'end', why }] }),
}

function welcome(state: Opening): Step {
  const { recorded, base, ...held } = state
  if (!recorded || base === undefined) return stay(state)
  return {
    state: { ...held, mode: 'settling', base, unanswered: 0 },
    effects: [{ do: 'welcome', base }, { do: 'start-settling' }, { do: 'start-beat' }],
  }
}

const resuming = (state: Settling, from: Position | undefined): Resuming => ({
  ...state,
  mode: 'resuming',
  from,
  loading: { what: from === undefined ? 'unacknowledged' : 'changes', upTo: state.base },
  page: undefined,
})

/** It does not resume: it gets what is unacknowledged. */
const catchUp = (state: Settling): Step => load(resuming(state, undefined), -1)

/** It cannot resume, is told so, and goes on as one that does not. */
function reset(state: Settling | Resuming, reason: 'epoch' | 'unknown-cursor'): Step {
  const { state: after, effects } = catchUp({ ...state, mode: 'settling' })
  return { state: after, effects: [{ do: 'reset', reason }, ...effects] }
}

/** What the read models have is loaded; where the cursor is past that already, what waits is enough. */
function resumeFrom(state: Resuming, head: Position): Step {
  if (state.from! < state.base) return load(state, state.from!)
  return state.letGo > state.from! ? loadLetGo(state, state.from) : goLive(state, head)
}

function load(state: Resuming, after: Position): Step {
  const { what, upTo } = state.loading
  return { state: { ...state, page: undefined }, effects: [{ do: `load-${what}`, after, upTo }] }
}

/** What waited too long to be kept comes from the read models, as soon as they have it, and what waits comes after it. */
function loadLetGo(state: Resuming, after: Position = state.loading.upTo): Step {
  return load({ ...state, loading: { what: 'changes', upTo: state.letGo } }, after)
}

/**
 * What waited comes first, oldest first; of it, only what is after the cursor. Then where one is, which says too that all
 * before it has come: until then who does not resume has no cursor to come back to.
 */
function goLive({ waiting, from, unanswered }: Resuming, head: Position): Step {
  const effects: Effect[] =
    from === undefined ? [{ do: 'head', position: head }] : [{ do: 'resumed', position: Math.max(from, head) }]
  for (let link: Waiting = waiting; link !== undefined; link = link.before)
    if (from === undefined || link.frame.position! > from) effects.push({ do: 'send', frame: link.frame })
  return { state: { mode: 'live', unanswered }, effects: effects.reverse() }
}

function andThen({ state, effects }: Step, more: (state: State) => Step): Step {
  const then = more(state)
  return { state: then.state, effects: [...effects, ...then.effects] }
}
