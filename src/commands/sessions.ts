// Sessions: each opens once and closes once, whoever says so. A box that was taken for lost, the one that took it for lost and
// a third may all tell of the same end; what the log has of the session decides, at the exact revision that was looked at.
import { LRUCache } from 'lru-cache'
import { randomUUID } from 'node:crypto'
import { decide, fold } from '../domain/decider.ts'
import type { SessionEnd, SessionEvent } from '../domain/index.ts'
import type { SessionCommand } from '../domain/session/commands.ts'
import { session as decider, type Sessions } from '../domain/session/decider.ts'
import { decode, streamOf, WrongRevision, type EventStore, type Origin } from '../eventstore/index.ts'
import type { SessionRef } from './catalogue.ts'
import { eventIdOf } from './ids.ts'
import { metadataFor } from './metadata.ts'

/** What is known of a session: whether it is open, as of a revision of its user's stream. */
interface Known {
  readonly state: Sessions
  readonly head: number
}

/** Sessions opened here; one that is forgotten is looked up in the log when it closes. */
const inMemory = 100_000

export function sessions(store: EventStore, now: () => string) {
  /** At which revision of their users' streams. */
  const opened = new LRUCache<string, number>({ max: inMemory })

  /** From the end back to the last that was told of this session. */
  const look = async ({ user, session }: SessionRef): Promise<Known> => {
    let head = -1
    for await (const page of store.back(streamOf('session', user)))
      for (const raw of page) {
        head = Math.max(head, raw.revision)
        const event = decode(raw) as SessionEvent | undefined
        if (event?.data.session === session) return { state: fold(decider, decider.initial, [event]), head }
      }
    return { state: decider.initial, head }
  }

  /** The decider refuses nothing. */
  const decided = (command: SessionCommand, { state }: Known) =>
    decide(decider, command, state) as readonly SessionEvent[]

  const fromMemory = (session: SessionRef, at: string): Known | undefined => {
    const head = opened.get(session.session)
    if (head === undefined) return undefined
    const events = decided({ type: 'OpenSession', ...session, at }, { state: decider.initial, head: -1 })
    return { state: fold(decider, decider.initial, events), head }
  }

  return {
    /** Nobody else has the session's name: what the log has of it yet is this same opening, said again. */
    open: async (session: SessionRef): Promise<void> => {
      const at = now()
      if (opened.has(session.session)) return
      const events = decided({ type: 'OpenSession', ...session, at }, { state: decider.initial, head: -1 })
      const news = toAppend(events, session, 'app', at, eventIdOf('SessionOpened', session.session))
      const { revision } = await store.append(streamOf('session', session.user), news, 'any')
      opened.set(session.session, revision)
    },

    close: async (session: SessionRef, why: SessionEnd): Promise<void> => {
      const at = now()
      for (let known = fromMemory(session, at) ?? (await look(session)); ; known = await look(session)) {
        const events = decided({ type: 'CloseSession', ...session, why, at }, known)
        try {
          const news = toAppend(events, session, why === 'box-lost' ? 'system' : 'app', at, randomUUID())
          if (events.length > 0) await store.append(streamOf('session', session.user), news, known.head)
          opened.delete(session.session)
          return
        } catch (error) {
          if (!(error instanceof WrongRevision)) throw error // something was told since: maybe this very end
        }
      }
    },
  }
}

const toAppend = (
  events: readonly SessionEvent[],
  { user, device, session }: SessionRef,
  origin: Origin,
  at: string,
  id: string,
) => {
  const metadata = metadataFor({ actor: { user, device, session }, origin }, at)
  return events.map(({ type, data }) => ({ id, type, data, metadata }))
}
