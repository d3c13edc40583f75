// Who is in what, of the people connected to this box, as of the last event taken. Carried forward by the feed.
import type { RecordedEvent } from '../../eventstore/index.ts'
import { isAmending } from '../../projections/index.ts'

/** Somebody connected here. */
export interface Local<Receiver> {
  readonly user: string
  readonly receivers: Set<Receiver>
  readonly conversations: Set<string>
}

export class Membership<Receiver> {
  readonly #people = new Map<string, Local<Receiver>>()
  readonly #rooms = new Map<string, Set<Local<Receiver>>>()

  /** The local members of a conversation; undefined where there are none, which for most of the log is so. */
  room(conversation: string): ReadonlySet<Local<Receiver>> | undefined {
    return this.#rooms.get(conversation)
  }

  person(user: string): Local<Receiver> | undefined {
    return this.#people.get(user)
  }

  /** A session begins: its user is in exactly these conversations now. */
  attach(user: string, receiver: Receiver, conversations: Iterable<string>): void {
    let local = this.#people.get(user)
    if (local === undefined) {
      local = { user, receivers: new Set(), conversations: new Set() }
      this.#people.set(user, local)
      for (const conversation of conversations) this.join(local, conversation)
    }
    local.receivers.add(receiver)
  }

  /** A session ends; with a user's last one, what was known about them here. */
  detach(user: string, receiver: Receiver): void {
    const local = this.#people.get(user)
    if (!local?.receivers.delete(receiver) || local.receivers.size > 0) return
    this.#people.delete(user)
    for (const conversation of local.conversations) this.leave(local, conversation)
  }

  join(local: Local<Receiver>, conversation: string): void {
    local.conversations.add(conversation)
    const room = this.#rooms.get(conversation)
    if (room) room.add(local)
    else this.#rooms.set(conversation, new Set([local]))
  }

  leave(local: Local<Receiver>, conversation: string): void {
    local.conversations.delete(conversation)
    const room = this.#rooms.get(conversation)
    if (room?.delete(local) && room.size === 0) this.#rooms.delete(conversation)
  }
}

/**
 * One person's conversations over a piece of the log: says of each event whether they may see it, and changes with it.
 * Their own joining and leaving is theirs to see.
 */
export function seesNext(
  user: string,
  conversations: Set<string>,
  conversation: string,
  event: RecordedEvent,
): boolean {
  switch (event.type) {
    case 'ConversationStarted':
      if (!event.data.members.some(member => member.user === user)) return false
      conversations.add(conversation)
      return true
    case 'MemberJoined':
      if (event.data.user === user) conversations.add(conversation)
      return conversations.has(conversation)
    case 'MemberLeft':
    case 'MemberRemoved': {
      const seen = conversations.has(conversation)
      if (event.data.user === user) conversations.delete(conversation)
      return seen
    }
    case 'MessageSent':
    case 'MessagesDelivered':
    case 'MessagesRead':
      return conversations.has(conversation)
    default:
      return isAmending(event) && conversations.has(conversation)
  }
}
