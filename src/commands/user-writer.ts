// The one writer of people's streams: decides on what it knows of a person, appends at the revision it knows.
import { LRUCache } from 'lru-cache'
import { randomUUID } from 'node:crypto'
import { decide, evolve, fold } from '../domain/decider.ts'
import { isRefusal, type Refusal, type UserEvent } from '../domain/index.ts'
import type { UserCommand } from '../domain/user/commands.ts'
import { user as decider, type User } from '../domain/user/decider.ts'
import { decode, streamOf, WrongRevision, type EventStore, type Position } from '../eventstore/index.ts'
import type { Asker } from './catalogue.ts'
import { metadataFor } from './metadata.ts'

const inMemory = 50_000

interface Known {
  readonly state: User
  readonly head: number
}

/** The events that followed, and the position of the write; undefined where nothing had to be written. */
export interface UserWritten {
  readonly events: readonly UserEvent[]
  readonly position: Position | undefined
}

export type UserWriter = (
  asker: Pick<Asker, 'actor' | 'origin'>,
  command: UserCommand,
  /** Nothing is known of this person, and so nothing is read before it is written as the first there is. */
  isNew?: boolean,
) => Promise<UserWritten | Refusal>

export function userWriter(store: EventStore): UserWriter {
  const users = new LRUCache<string, Known>({ max: inMemory })

  const readOn = async (user: string, { state, head }: Known): Promise<Known> => {
    for await (const page of store.read(streamOf('user', user), head + 1))
      for (const raw of page) {
        const event = decode(raw)
        head = raw.revision
        if (event) state = evolve(decider, state, event as UserEvent)
      }
    return { state, head }
  }

  /** Who has arrived has arrived; of all else, another box may have changed what this one remembers. */
  const currentFor = (command: UserCommand, known: Known | undefined, isNew: boolean): Promise<Known> | Known => {
    if (isNew) return known ?? unknown
    return known && command.type === 'Arrive' ? known : readOn(command.user, known ?? unknown)
  }

  return async (asker, command, isNew = false) => {
    const { user, at } = command
    for (let known = users.get(user); ; known = undefined, isNew = false) {
      const { state, head } = await currentFor(command, known, isNew)
      const events = decide(decider, command, state)
      if (isRefusal(events)) return events
      try {
        let position: Position | undefined
        if (events.length > 0) {
          const news = events.map(({ type, data }) => ({
            id: randomUUID(),
            type,
            data,
            metadata: metadataFor(asker, at),
          }))
          position = (await store.append(streamOf('user', user), news, head < 0 ? 'none' : head)).position
        }
        users.set(user, { state: fold(decider, state, events), head: head + events.length })
        return { events, position }
      } catch (error) {
        users.delete(user)
        if (!(error instanceof WrongRevision)) throw error
      }
    }
  }
}

const unknown: Known = { state: decider.initial, head: -1 }
