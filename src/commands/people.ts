// People and their apps: who arrives with which device, when they did something themselves.
import { LRUCache } from 'lru-cache'
import { randomUUID } from 'node:crypto'
import { activity as activityDecider } from '../domain/activity/decider.ts'
import { decide, evolve, fold, type Decider } from '../domain/decider.ts'
import { streamOf, type Batch, type EventStore } from '../eventstore/index.ts'
import type { Asker, SessionRef } from './catalogue.ts'
import { metadataFor } from './metadata.ts'
import type { UserWriter } from './user-writer.ts'

const inMemory = 50_000

export function people(store: EventStore, writeUser: UserWriter, now: () => string) {
  const activity = new LRUCache<string, { toldAt: number }>({ max: inMemory })

  /** Registers who is new and links a device that is new: each once, whichever boxes they arrive at. */
  const arrive = async (session: SessionRef, standing: 'not-linked' | 'unknown'): Promise<void> => {
    const { user, device } = session
    await writeUser(system(session), { type: 'Arrive', user, device, at: now() }, standing === 'unknown')
  }

  const recordActivity = async (asker: Asker): Promise<void> => {
    const { user } = asker.actor
    const at = now()
    const state = activity.get(user) ?? activityDecider.initial
    const events = decisions(activityDecider, { type: 'RecordActivity', user, at }, state)
    if (events.length === 0) return
    activity.set(user, fold(activityDecider, state, events)) // before it is durable, or what comes meanwhile is told too
    try {
      await store.append(streamOf('activity', user), toAppend(events, asker, at), 'any')
    } catch (error) {
      activity.delete(user)
      throw error
    }
  }

  /** What other boxes told of activity need not be told again. */
  const take = ({ events }: Batch): void => {
    for (const event of events)
      if (event.type === 'UserActive')
        activity.set(
          event.data.user,
          evolve(activityDecider, activity.get(event.data.user) ?? activityDecider.initial, event),
        )
  }

  return { arrive, recordActivity, take }
}

type Event = { readonly type: string; readonly data: object }

/** These deciders refuse nothing. */
const decisions = <S, C extends { type: string }, E extends Event>(
  d: Decider<S, C, E>,
  command: C,
  now: S,
): readonly E[] => decide(d, command, now) as readonly E[]

const toAppend = (events: readonly Event[], asker: Pick<Asker, 'actor' | 'origin'>, at: string) =>
  events.map(({ type, data }) => ({ id: randomUUID(), type, data, metadata: metadataFor(asker, at) }))

const system = ({ user, device, session }: SessionRef) => ({ actor: { user, device, session }, origin: 'app' as const })
