// What can be asked of the read models. Every answer is "as of" a position: rows of later events do not count.
import type { Observable } from 'rxjs'
import type { Retention, Role } from '../domain/index.ts'
import type { Feed, Position, Recorded, Sealed } from '../eventstore/index.ts'

/** A message as the read models keep it: its content stays sealed. */
export interface MessageRow {
  readonly conversation: string
  readonly seq: number
  readonly id: string
  readonly from: string
  readonly at: string
  /** Where its time is limited. */
  readonly expiresAt?: string
  readonly content: Sealed
  readonly position: Position
}

/** A time of membership: from `joinedSeq` until before `leftSeq` (null: still). */
export interface Interval {
  readonly joinedSeq: number
  readonly leftSeq: number | null
}

export interface InboxRow {
  readonly conversation: string
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  /** Messages of others that this person may see and has not read. Computed, never counted up. */
  readonly unread: number
  /** The newest message this person may see. */
  readonly last: MessageRow | null
  readonly members: readonly string[]
  /** This person's own marks; -1: none yet. */
  readonly delivered: number
  readonly read: number
  /** Whether this person is a member now. */
  readonly member: boolean
}

export interface MembershipRow {
  readonly user: string
  readonly conversation: string
  readonly kind: 'direct' | 'group'
  readonly intervals: readonly Interval[]
}

/** A watermark's move: evidence of who got or read how far, when, on which device. */
export interface ReceiptRow {
  readonly conversation: string
  readonly user: string
  readonly device: string
  readonly kind: 'delivered' | 'read'
  readonly upTo: number
  readonly at: string
  readonly position: Position
}

export interface MemberChangeRow {
  readonly conversation: string
  readonly seq: number
  readonly user: string
  readonly change: 'joined' | 'left' | 'removed'
  /** As what they joined; null where they went. */
  readonly role: Role | null
  /** Who let them in or took them out; null: nobody but themselves. */
  readonly by: string | null
  readonly at: string
  readonly position: Position
}

/** An event that changes what was there. */
export type AmendingEvent = Recorded<
  'MemberRoleChanged' | 'ConversationRenamed' | 'RetentionChanged' | 'DeliveredMarksChanged'
>
type Amending = { [T in AmendingEvent['type']]: Pick<Recorded<T>, 'type' | 'data'> }[AmendingEvent['type']]

/** What changed about what was there, as the log tells it. */
export type AmendmentRow = {
  readonly conversation: string
  readonly seq: number
  readonly id: string
  readonly position: Position
} & Amending

/** Something a person missed, in `$all` order. */
export type Change =
  | ({ readonly what: 'message' } & MessageRow)
  | ({ readonly what: 'receipt' } & ReceiptRow)
  | ({ readonly what: 'member' } & MemberChangeRow)
  | ({ readonly what: 'amendment' } & AmendmentRow)

export interface PresenceRow {
  readonly user: string
  readonly lastSeen: string | null
  /** Sessions open, by the log. */
  readonly sessions: readonly string[]
}

/** What one device of one member is known to have got. */
export interface MessageReceipt {
  readonly user: string
  readonly device: string
  readonly delivered: string | null
  readonly read: string | null
}

export interface ConversationRow {
  readonly conversation: string
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly memberLimit: number
  readonly delivered: boolean
  readonly retention: Retention
  /** Its last event that the read models have. */
  readonly seq: number
  readonly members: readonly { readonly user: string; readonly role: Role }[]
  /** Who was a member once and is none now. */
  readonly former: readonly string[]
  readonly imported: readonly { readonly source: string; readonly upToLine: number }[]
}

export interface Queries {
  /** For commands, many at once; what is not found is left out. */
  conversations(ids: readonly string[]): Promise<readonly ConversationRow[]>
  messagesById(ids: readonly string[]): Promise<readonly MessageRow[]>
  marks(
    of: readonly { conversation: string; user: string; device: string }[],
  ): Promise<readonly { conversation: string; user: string; device: string; delivered: number; read: number }[]>

  /** For clients. By last activity, newest first. */
  inbox(user: string): Promise<readonly InboxRow[]>
  /** Ascending by seq; with `after` the oldest after it, otherwise the newest (before `before`). Undefined: never was in it. */
  messages(
    user: string,
    conversation: string,
    page: { before?: number; after?: number; limit: number },
  ): Promise<readonly MessageRow[] | undefined>
  /** Who got a message and who read it, by device. Undefined: no such message that this person may see. */
  receiptsOf(user: string, conversation: string, message: string): Promise<readonly MessageReceipt[] | undefined>
  presence(users: readonly string[]): Promise<readonly PresenceRow[]>

  /** For the gateway: as of a position that the models have reached. */
  memberships(users: readonly string[], asOf: Position): Promise<readonly MembershipRow[]>
  /**
   * What this person may see of what happened after `after` up to and including `upTo`, oldest first, `limit` rows at most.
   * Messages and member changes of the intervals in which they were a member (their own joining and leaving included);
   * receipts of the conversations they were in at that time, where they raise the member's mark.
   */
  changes(user: string, after: Position, upTo: Position, limit: number): Promise<readonly Change[]>
  /** Messages of others that no device of this person has acknowledged, in conversations that keep delivered marks. */
  undelivered(user: string, upTo: Position, limit: number): Promise<readonly MessageRow[]>

  /** For auditors: all conversations, a page after an id. */
  allConversations(after: string | undefined, limit: number): Promise<readonly ConversationRow[]>
}

export interface Projections {
  readonly queries: Queries
  /** Every event up to here is in the models. */
  position(): Position
  /** Told after each commit. */
  readonly positions: Observable<Position>
  /** Whether the models have got to a position, waiting at most that long (milliseconds). */
  reached(position: Position, withinMs: number): Promise<boolean>
  /** Follows the feed, which must start where the models are. */
  start(feed: Feed, onFault: (error: unknown) => void): void
  /** Commits what was taken and stops. */
  stop(): Promise<void>
}
