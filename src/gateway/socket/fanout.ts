// Who is told what: the feed's events, turned into frames once and handed to those of this box's sessions that may see them.
import { idIn, type Position, type Recorded, type RecordedEvent } from '../../eventstore/index.ts'
import { amendmentOf, isAmending, type AmendingEvent } from '../../projections/index.ts'
import type { Frames } from './frames.ts'
import { Marks, type ReceiptEvent } from './marks.ts'
import { isIn, Membership, seesNext, wasIn, type Times } from './membership.ts'
import type { Outgoing } from './outbox.ts'

/** A session, as the fan-out sees it. */
export interface Receiver {
  readonly session: string
  readonly user: string
  push(frame: Outgoing): void
  /** Something without a place in the log's order. */
  tell(frame: Outgoing): void
  /** Whether it is live, and has taken all that it was given: only then something is pushed to it again. */
  readonly idle: boolean
  /** Something that was pushed before. */
  again(frame: Outgoing): void
}

/** Somebody who has sessions here. */
export interface Here {
  readonly user: string
  readonly receivers: ReadonlySet<Receiver>
}

export class Fanout {
  readonly #membership = new Membership<Receiver>()
  readonly #marks = new Marks()
  readonly #frames: Frames
  readonly #awaited = new Map<() => void, Position>()
  #position: Position

  constructor(frames: Frames, position: Position) {
    this.#frames = frames
    this.#position = position
  }

  /** Up to here every session that may see an event has been handed it. */
  position(): Position {
    return this.#position
  }

  take(events: readonly RecordedEvent[], upTo: Position): void {
    for (const event of events) this.#tell(event)
    this.#position = upTo
    for (const [go, position] of this.#awaited)
      if (position <= upTo) {
        this.#awaited.delete(go)
        go()
      }
  }

  /** Calls once, when it has got past where it is to a position; the read models may be far behind. Returns what forgets it. */
  whenAt(position: Position, go: () => void): () => void {
    this.#awaited.set(go, position)
    return () => this.#awaited.delete(go)
  }

  /**
   * A session joins: `conversations` were its user's, with these times, at the position the `tail` begins after; the tail
   * reaches to where this fan-out is. What the user may see of the tail is handed over first, so that nothing is missing.
   */
  attach(receiver: Receiver, conversations: ReadonlyMap<string, Times>, tail: readonly RecordedEvent[]): void {
    const now = new Map([...conversations].map(([conversation, times]) => [conversation, [...times]]))
    for (const event of tail) {
      if (!seesNext(receiver.user, now, idIn(event.stream), event)) continue
      if (event.metadata.actor.session === receiver.session && isSaid(event)) continue
      receiver.push(this.#frameOf(event, receiver.user))
    }
    this.#membership.attach(receiver.user, receiver, now)
  }

  /** The sessions of those of a conversation's members who are here, by user. */
  room(conversation: string): Iterable<Here> {
    return this.#membership.room(conversation) ?? []
  }

  /** Whether anybody of a conversation is here. */
  hasRoom(conversation: string): boolean {
    return this.#membership.room(conversation) !== undefined
  }

  /** Somebody's sessions here; undefined where there are none. */
  person(user: string): Here | undefined {
    return this.#membership.person(user)
  }

  /** Whether they are here and never were in a conversation: whatever may wait for others, nothing does for them. */
  neverIn(user: string): boolean {
    return this.#membership.person(user)?.conversations.size === 0
  }

  /** How far a member is known to have acknowledged a conversation; -1 where nothing is known. */
  acknowledged(conversation: string, user: string): number {
    return this.#marks.acknowledged(conversation, user)
  }

  detach(receiver: Receiver): void {
    this.#membership.detach(receiver.user, receiver)
  }

  /** Tells the members of a conversation who are here, except one session, something that is not in the log. */
  tellRoom(conversation: string, frame: Outgoing, except: string | null): void {
    for (const { receivers } of this.#membership.room(conversation) ?? [])
      for (const receiver of receivers) if (receiver.session !== except) receiver.tell(frame)
  }

  #tell(event: RecordedEvent): void {
    switch (event.type) {
      case 'ConversationStarted': {
        for (const { user } of event.data.members) {
          const local = this.#membership.person(user)
          if (local === undefined) continue
          this.#membership.join(local, event.data.conversation, event.revision)
          const frame = this.#frameOf(event, user)
          for (const receiver of local.receivers) receiver.push(frame)
        }
        const room = this.#membership.room(event.data.conversation)
        if (room) room.told = event.revision
        return
      }
      case 'MemberJoined': {
        const local = this.#membership.person(event.data.user)
        if (local) this.#membership.join(local, idIn(event.stream), event.revision)
        return this.#toRoom(event)
      }
      case 'MemberLeft':
      case 'MemberRemoved': {
        this.#toRoom(event)
        const local = this.#membership.person(event.data.user)
        if (local) this.#membership.leave(local, idIn(event.stream), event.revision)
        return
      }
      case 'MessageSent':
        return this.#toRoom(event, event.metadata.actor.session)
      case 'MessagesDelivered':
      case 'MessagesRead':
        if (this.#membership.room(idIn(event.stream)) === undefined) return
        if (this.#marks.raisedBy(event, idIn(event.stream))) this.#toRoom(event, event.metadata.actor.session)
        return
      case 'DeliveryFailed':
        return this.#failed(event)
      default:
        if (isAmending(event)) this.#amend(event)
    }
  }

  /** That a message was given up on is its author's to know. */
  #failed(event: Recorded<'DeliveryFailed'>): void {
    const local = this.#membership.person(event.data.from)
    if (!isIn(local?.conversations.get(idIn(event.stream)))) return
    const frame = this.#frameOf(event)
    for (const receiver of local!.receivers) receiver.push(frame)
  }

  /** What becomes of a message goes to who may see it, except to the session that asked for it. */
  #amend(event: AmendingEvent): void {
    if (!('messageSeq' in event.data)) return this.#toRoom(event)
    const conversation = idIn(event.stream)
    const except = event.metadata.actor.session
    let frame: Outgoing | undefined
    for (const { receivers, conversations } of this.#membership.room(conversation) ?? []) {
      if (!wasIn(conversations.get(conversation), event.data.messageSeq)) continue
      for (const receiver of receivers) if (receiver.session !== except) receiver.push((frame ??= this.#frameOf(event)))
    }
  }

  /** To everybody of the conversation who is here, except one session. The frame is made when the first one needs it. */
  #toRoom(event: Visible, except?: string | null): void {
    const room = this.#membership.room(idIn(event.stream))
    if (room === undefined) return
    let frame: Outgoing | undefined
    for (const { receivers } of room)
      for (const receiver of receivers)
        if (receiver.session !== except) receiver.push((frame ??= this.#frameOf(event, '', room.told)))
    if (event.type !== 'MessagesDelivered' && event.type !== 'MessagesRead') room.told = event.revision
  }

  /**
   * `user` matters where a conversation starts: everybody is told of their own joining. `previous`: what everybody in it was told
   * last before this.
   */
  #frameOf(event: RecordedEvent, user = '', previous?: number): Outgoing {
    const { revision: seq, position } = event
    const conversation = idIn(event.stream)
    switch (event.type) {
      case 'ConversationStarted': {
        const { at, members } = event.data
        const role = members.find(member => member.user === user)?.role ?? null
        return this.#frames.member({ conversation, seq, user, change: 'joined', role, by: null, at, position })
      }
      case 'MemberJoined': {
        const by = event.data.invitedBy
        return this.#frames.member({ conversation, seq, position, change: 'joined', by, ...event.data })
      }
      case 'MemberLeft':
        return this.#frames.member({ conversation, seq, position, change: 'left', role: null, by: null, ...event.data })
      case 'MemberRemoved':
        return this.#frames.member({ conversation, seq, position, change: 'removed', role: null, ...event.data })
      case 'MessageSent': {
        const { from, at, expiresAt, content } = event.data
        return this.#frames.message({
          conversation,
          seq,
          previous,
          id: event.id,
          from,
          at,
          expiresAt,
          content,
          position,
        })
      }
      case 'MessagesDelivered':
      case 'MessagesRead': {
        const { user, upTo, at } = event.data
        const kind = event.type === 'MessagesRead' ? 'read' : 'delivered'
        return this.#frames.receipt({ conversation, user, kind, upTo, at, position })
      }
      default:
        if (isAmending(event)) return this.#frames.amendment(amendmentOf(event))
        throw new Error(`${event.type} is nothing that is pushed`)
    }
  }
}

type Visible = Recorded<'MemberJoined' | 'MemberLeft' | 'MemberRemoved' | 'MessageSent'> | AmendingEvent | ReceiptEvent

/** What a client says with an id of its own, and has an answer for. */
const isSaid = (event: RecordedEvent): boolean =>
  event.type === 'MessageSent' || (isAmending(event) && 'messageSeq' in event.data)
