// Who is in what, of the people connected to this box, as of the last event taken. Carried forward by the feed.
import type { RecordedEvent } from '../../eventstore/index.ts'
import { isAmending } from '../../projections/index.ts'

/** The seqs at which somebody came in and went, in turns: an odd number of them says that they are in. */
export type Times = number[]

export const isIn = (times: Times | undefined): boolean => times !== undefined && times.length % 2 === 1

/** Whether they were in at a seq. */
export function wasIn(times: Times | undefined, seq: number): boolean {
  let turns = 0
  for (const turn of times ?? []) if (turn <= seq) turns++
  return turns % 2 === 1
}

/** Somebody connected here. */
export interface Local<Receiver> {
  readonly user: string
  readonly receivers: Set<Receiver>
  /** Every conversation they ever were in. */
  readonly conversations: Map<string, Times>
}

/** Those of a conversation's members who are connected here. */
export class Room<Receiver> extends Set<Local<Receiver>> {
  /** The seq of what everybody in it was told last; undefined: nothing since there is one. */
  told: number | undefined = undefined
}

export class Membership<Receiver> {
  readonly #people = new Map<string, Local<Receiver>>()
  readonly #rooms = new Map<string, Room<Receiver>>()

  /** The local members of a conversation; undefined where there are none, which for most of the log is so. */
  room(conversation: string): Room<Receiver> | undefined {
    return this.#rooms.get(conversation)
  }

  person(user: string): Local<Receiver> | undefined {
    return this.#people.get(user)
  }

  /** A session begins: its user was in exactly these conversations at these times. */
  attach(user: string, receiver: Receiver, conversations: Map<string, Times>): void {
    let local = this.#people.get(user)
    if (local === undefined) {
      local = { user, receivers: new Set(), conversations }
      this.#people.set(user, local)
      for (const [conversation, times] of conversations) if (isIn(times)) this.#enter(local, conversation)
    }
    local.receivers.add(receiver)
  }

  /** A session ends; with a user's last one, what was known about them here. */
  detach(user: string, receiver: Receiver): void {
    const local = this.#people.get(user)
    if (!local?.receivers.delete(receiver) || local.receivers.size > 0) return
    this.#people.delete(user)
    for (const [conversation, times] of local.conversations) if (isIn(times)) this.#exit(local, conversation)
  }

  join(local: Local<Receiver>, conversation: string, seq: number): void {
    turn(local.conversations, conversation, seq, true)
    this.#enter(local, conversation)
  }

  leave(local: Local<Receiver>, conversation: string, seq: number): void {
    turn(local.conversations, conversation, seq, false)
    this.#exit(local, conversation)
  }

  #enter(local: Local<Receiver>, conversation: string): void {
    const room = this.#rooms.get(conversation)
    if (room) room.add(local)
    else this.#rooms.set(conversation, new Room([local]))
  }

  #exit(local: Local<Receiver>, conversation: string): void {
    const room = this.#rooms.get(conversation)
    if (room?.delete(local) && room.size === 0) this.#rooms.delete(conversation)
  }
}

/** From this seq on they are in, or out; the same where they are so already. */
function turn(conversations: Map<string, Times>, conversation: string, seq: number, comesIn: boolean): void {
  const times = conversations.get(conversation)
  if (isIn(times) === comesIn) return
  if (times) times.push(seq)
  else conversations.set(conversation, [seq])
}

/**
 * One person's conversations over a piece of the log: says of each event whether they may see it, and changes with it.
 * Their own joining and leaving is theirs to see; what becomes of a message, where they may see the message.
 */
export function seesNext(
  user: string,
  conversations: Map<string, Times>,
  conversation: string,
  event: RecordedEvent,
): boolean {
  const seen = isIn(conversations.get(conversation))
  switch (event.type) {
    case 'ConversationStarted':
      if (!event.data.members.some(member => member.user === user)) return false
      turn(conversations, conversation, event.revision, true)
      return true
    case 'MemberJoined':
      if (event.data.user !== user) return seen
      turn(conversations, conversation, event.revision, true)
      return true
    case 'MemberLeft':
    case 'MemberRemoved':
      if (event.data.user === user) turn(conversations, conversation, event.revision, false)
      return seen
    case 'MessageSent':
    case 'MessagesDelivered':
    case 'MessagesRead':
      return seen
    default:
      if (!isAmending(event) || !seen) return false
      if (event.type === 'DeliveryFailed') return event.data.from === user
      return !('messageSeq' in event.data) || wasIn(conversations.get(conversation), event.data.messageSeq)
  }
}
