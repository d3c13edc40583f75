// A session opens once and closes once.
import { decider } from '../decider.ts'
import type { SessionCommand } from './commands.ts'
import type { SessionEvent } from './events.ts'

/** The ids of the sessions that are open. */
export type Sessions = ReadonlySet<string>

export const session = decider<Sessions, SessionCommand, SessionEvent>({
  initial: new Set(),

  decide: {
    OpenSession: ({ type: _, ...session }, now) =>
      now.has(session.session) ? [] : [{ type: 'SessionOpened', data: session }],
    CloseSession: ({ type: _, ...session }, now) =>
      now.has(session.session) ? [{ type: 'SessionClosed', data: session }] : [],
  },

  evolve: {
    SessionOpened: ({ data }, now) => new Set(now).add(data.session),
    SessionClosed: ({ data }, now) => new Set([...now].filter(session => session !== data.session)),
  },
})
