// Which messages were pushed a while ago and may not have been acknowledged. While all is well this costs a look into a map for
// each message, whoever gets it: of a conversation that is talked in here it is kept since when, up to which message is to be
// acknowledged by the end of the gap, and which is the last one since.
import { idIn, type RecordedEvent } from '../../eventstore/index.ts'
import type { Here } from './fanout.ts'

/** The newest message, and the newest of anybody else: what its author need not acknowledge, the other is for them. */
interface Said {
  readonly seq: number
  readonly from: string
  readonly other: number
}

interface Talk {
  readonly since: number
  readonly due: Said
  last: Said
}

export interface Suspect {
  readonly user: string
  readonly conversation: string
  /** What was pushed to them up to here is overdue, if it is not acknowledged. */
  readonly upTo: number
}

export interface Local {
  hasRoom(conversation: string): boolean
  room(conversation: string): Iterable<Here>
  acknowledged(conversation: string, user: string): number
}

export class Unacknowledged {
  /** By conversation, the longest first. */
  readonly #talks = new Map<string, Talk>()
  readonly #here: Local

  constructor(here: Local) {
    this.#here = here
  }

  get empty(): boolean {
    return this.#talks.size === 0
  }

  take(events: readonly RecordedEvent[], now: number): void {
    for (const event of events) {
      if (event.type !== 'MessageSent' || event.metadata.origin === 'system') continue
      const conversation = idIn(event.stream)
      if (this.#here.hasRoom(conversation)) this.#said(conversation, event.revision, event.data.from, now)
    }
  }

  #said(conversation: string, seq: number, from: string, now: number): void {
    const talk = this.#talks.get(conversation)
    if (talk === undefined) {
      const said = { seq, from, other: -1 }
      this.#talks.set(conversation, { since: now, due: said, last: said })
    } else talk.last = { seq, from, other: talk.last.from === from ? talk.last.other : talk.last.seq }
  }

  /** Who, as far as is known here, has not acknowledged what was pushed `gapMs` ago or earlier. */
  suspects(now: number, gapMs: number): Suspect[] {
    const found: Suspect[] = []
    for (const [conversation, { since, due, last }] of this.#talks) {
      if (now - since < gapMs) break
      this.#talks.delete(conversation)
      for (const { user } of this.#here.room(conversation)) {
        const upTo = user === due.from ? due.other : due.seq
        if (this.#here.acknowledged(conversation, user) < upTo) found.push({ user, conversation, upTo })
      }
      if (last !== due) this.#talks.set(conversation, { since: now, due: last, last })
    }
    return found
  }
}
