// Which way the connection takes, as a total table, state × event: by socket, or by polls where sockets are blocked, and back. Pure.
//
//   socket ── failed, and failed again, though HTTP works ──▶ fallen ── live by polls ──▶ resting ◀──▶ climbing
//     ▲                                                         │                            │           │
//     └────────────── the polls were lost: HTTP does not work either ────────────────────────┴───────────┤
//     └────────────── a socket that was tried beside the polls was welcomed: the connection moves ───────┘

export type Way = 'socket' | 'poll'

/**
 * `failed`: sockets in a row that came to nothing, though the server answered over HTTP. `climbed`: how often it was tried to get
 * back to sockets since one was well. `fixed`: told which one, once for all.
 */
export type Ways =
  | { readonly is: 'fixed'; readonly way: Way }
  | { readonly is: 'socket'; readonly failed: number; readonly climbed: number }
  | { readonly is: 'fallen'; readonly climbed: number }
  | { readonly is: 'resting'; readonly climbed: number }
  | { readonly is: 'climbing'; readonly climbed: number }

export type Turn =
  /** The connection was lost. `doubt`: what that says against its way; 0: nothing. */
  | { readonly type: 'left'; readonly doubt: number }
  /** The server answers over HTTP, where a socket has just come to nothing. */
  | { readonly type: 'reachable'; readonly doubt: number }
  /** Frames have been coming for a while. */
  | { readonly type: 'well' }
  /** The connection is live. */
  | { readonly type: 'arrived'; readonly luck: number }
  | { readonly type: 'timer'; readonly luck: number }
  /** The socket beside has its welcome. `ready`: all that came by polls ends in a cursor that a socket can resume from. */
  | { readonly type: 'welcomed'; readonly ready: boolean; readonly luck: number }
  | { readonly type: 'failed'; readonly luck: number }
  /** The app knows that the network is another one. */
  | { readonly type: 'retry' }

export type Move =
  /** Asks the server over HTTP whether it is there. */
  | { readonly do: 'ask'; readonly doubt: number }
  /** Tries a socket beside the polls, for as long as opening one may take. */
  | { readonly do: 'try' }
  | { readonly do: 'drop' }
  /** The socket beside becomes the connection, and the polls end. */
  | { readonly do: 'move' }
  /** Replaces the timer. */
  | { readonly do: 'rest'; readonly factor: number }
  | { readonly do: 'no timer' }

/** So much doubt, and sockets are taken for blocked: three that fail at once, or two that nobody answers. */
export const enough = 3

type Named<S> = Extract<Ways, { is: S }>
type Turned<T> = Extract<Turn, { type: T }>
export interface Taken {
  readonly now: Ways
  readonly effects: readonly Move[]
}
type Table = {
  readonly [S in Ways['is']]: {
    readonly [T in Turn['type']]: (now: Named<S>, turn: Turned<T>) => Taken
  }
}

const stay = (now: Ways): Taken => ({ now, effects: [] })

/** Twice as long each time, up to twenty times as long, and half to one and a half of that. */
const rest = (climbed: number, luck: number): Taken => ({
  now: { is: 'resting', climbed },
  effects: [{ do: 'rest', factor: Math.min(2 ** climbed, 20) * (0.5 + luck) }],
})

const climb = ({ climbed }: { climbed: number }): Taken => ({
  now: { is: 'climbing', climbed },
  effects: [{ do: 'no timer' }, { do: 'try' }],
})

/** A socket is tried, and if that fails while HTTP works, polls at once again. */
const backToSockets = (climbed: number, effects: readonly Move[]): Taken => ({
  now: { is: 'socket', failed: enough - 1, climbed },
  effects,
})

const table: Table = {
  fixed: {
    left: stay,
    reachable: stay,
    well: stay,
    arrived: stay,
    timer: stay,
    welcomed: stay,
    failed: stay,
    retry: stay,
  },
  socket: {
    left: (now, { doubt }) => ({ now, effects: doubt > 0 ? [{ do: 'ask', doubt }] : [] }),
    reachable: ({ failed, climbed }, { doubt }) =>
      stay(
        failed + doubt < enough
          ? { is: 'socket', failed: failed + doubt, climbed }
          : { is: 'fallen', climbed: climbed },
      ),
    well: () => stay({ is: 'socket', failed: 0, climbed: 0 }),
    arrived: stay,
    timer: stay,
    welcomed: stay,
    failed: stay,
    retry: stay,
  },
  fallen: {
    left: ({ climbed }) => backToSockets(climbed, []),
    reachable: stay,
    well: stay,
    arrived: ({ climbed }, { luck }) => rest(climbed, luck),
    timer: stay,
    welcomed: stay,
    failed: stay,
    retry: stay,
  },
  resting: {
    left: ({ climbed }) => backToSockets(climbed, [{ do: 'no timer' }]),
    reachable: stay,
    well: stay,
    arrived: stay,
    timer: climb,
    welcomed: stay,
    failed: stay,
    retry: climb,
  },
  climbing: {
    left: ({ climbed }) => backToSockets(climbed, [{ do: 'drop' }]),
    reachable: stay,
    well: stay,
    arrived: stay,
    timer: stay,
    welcomed: ({ climbed }, { ready, luck }) => {
      if (ready) return backToSockets(climbed + 1, [{ do: 'move' }])
      const { now, effects } = rest(climbed, luck)
      return { now, effects: [{ do: 'drop' }, ...effects] }
    },
    failed: ({ climbed }, { luck }) => {
      const { now, effects } = rest(climbed + 1, luck)
      return { now, effects: [{ do: 'drop' }, ...effects] }
    },
    retry: stay,
  },
}

export const wayStates = Object.keys(table) as Ways['is'][]
export const turns = Object.keys(table.socket) as Turn['type'][]

/** What is so afterwards, and what has to be done. */
export function turn(now: Ways, event: Turn): Taken {
  const row = table[now.is][event.type] as (now: Ways, event: Turn) => Taken
  return row(now, event)
}

/** By which the next connection is opened, and the present one is. */
export function wayOf(ways: Ways): Way {
  if (ways.is === 'fixed') return ways.way
  return ways.is === 'socket' ? 'socket' : 'poll'
}
