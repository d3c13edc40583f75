// What can be asked of the read models. Every answer is "as of" a position: rows of later events do not count.
import type { Observable } from 'rxjs'
import type { Audience, Retention, Role } from '../domain/index.ts'
import type { Feed, Position, Recorded, Sealed } from '../eventstore/index.ts'
import type { BoxQueries } from './box-api.ts'
import type { DeliveryQueries, MessageFailure, MessageReceipt } from './delivery-api.ts'
import type { InboxPage, InboxQueries } from './inbox-api.ts'
import type { DeviceQueries, DeviceStanding } from './device-api.ts'
import type { ExpiringQueries } from './expiring-api.ts'
import type { MediaQueries } from './media-api.ts'
import type { Paged } from './page.ts'
import type { PresenceQueries } from './presence-api.ts'

/** A message as the read models keep it: its content stays sealed. */
export interface MessageRow {
  readonly conversation: string
  readonly seq: number
  readonly id: string
  readonly from: string
  readonly at: string
  /** Where its time is limited. */
  readonly expiresAt?: string
  /** Null: retracted. */
  readonly content: Sealed | null
  /** When its author last edited it, as far as who looks may know. */
  readonly editedAt?: string
  readonly position: Position
}

/** A reaction to a message, by those whom who looks may know of. */
export interface ReactionRow {
  readonly reaction: string
  readonly count: number
  /** Whether who looks is among them. */
  readonly mine: boolean
  /** The first of them. */
  readonly users: readonly string[]
}

/** A message as somebody sees it. */
export interface SeenMessageRow extends MessageRow {
  /** In the order in which they came up. */
  readonly reactions: readonly ReactionRow[]
}

/** That something was said with this id: a message, or what became of one. */
export interface SaidRow {
  readonly id: string
  readonly conversation: string
  readonly seq: number
  readonly from: string
  readonly at: string
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
  readonly last: SeenMessageRow | null
  readonly members: readonly string[]
  /** This person's own marks; -1: none yet. */
  readonly delivered: number
  readonly read: number
  /** Whether this person is a member now. */
  readonly member: boolean
  /** Where the last activity stands: the inbox is in this order. */
  readonly place: Position
}

/** Somebody who arrives, as the read models know them. */
export interface Arrival {
  readonly standing: DeviceStanding
  /** Every time of membership, by conversation, each in order. */
  readonly stays: readonly (Interval & { readonly conversation: string })[]
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
  | 'MemberRoleChanged'
  | 'ConversationRenamed'
  | 'RetentionChanged'
  | 'DeliveredMarksChanged'
  | 'MessageEdited'
  | 'MessageRetracted'
  | 'ReactionAdded'
  | 'ReactionRemoved'
  | 'DeliveryFailed'
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

/** Of the messages and people asked about: how things are after the conversation's event `seq` (-1: there is none). */
export interface AskedAboutRow {
  readonly seq: number
  readonly members: readonly string[]
  readonly messages: readonly {
    readonly id: string
    readonly from: string
    readonly seq: number
    readonly at: string
    readonly expiresAt?: string
    readonly retracted: boolean
    readonly seenBy: readonly string[]
    readonly reactions: readonly { readonly user: string; readonly reaction: string }[]
    readonly failedFor: readonly string[]
  }[]
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
  /** How far they were then. */
  readonly asOf: Position
  readonly members: readonly { readonly user: string; readonly role: Role }[]
  /** Who was a member once and is none now. */
  readonly former: readonly string[]
  readonly imported: readonly { readonly source: string; readonly upToLine: number }[]
}

export interface Queries
  extends BoxQueries, DeliveryQueries, DeviceQueries, ExpiringQueries, InboxQueries, MediaQueries, PresenceQueries {
  /** For commands, many at once; what is not found is left out. */
  conversations(ids: readonly string[]): Promise<readonly ConversationRow[]>
  saidById(ids: readonly string[]): Promise<readonly SaidRow[]>
  /** The ids of everything that was said, a page after one of them, ascending; fewer than `limit`: there are no more. */
  saidIds(after: string, limit: number): Promise<readonly string[]>
  /** What commands have to know of messages before something becomes of them, all as of one moment. */
  askedAbout(conversation: string, asked: readonly { user: string; message: string }[]): Promise<AskedAboutRow>
  /** All there are. */
  blocks(): Promise<readonly { user: string; blocked: string }[]>
  marks(
    of: readonly { conversation: string; user: string; device: string }[],
  ): Promise<readonly { conversation: string; user: string; device: string; delivered: number; read: number }[]>

  /** For clients. By last activity, newest first. */
  inbox(user: string, page?: InboxPage): Promise<readonly InboxRow[]>
  /**
   * Ascending by seq; with `after` the oldest after it, otherwise the newest (before `before`): `limit` rows or a megabyte at most.
   * Undefined: never was in it.
   */
  messages(
    user: string,
    conversation: string,
    page: { before?: number; after?: number; limit: number },
  ): Promise<readonly SeenMessageRow[] | undefined>
  /** Who got a message and who read it, by device; for whom it was given up on. Undefined: no such message that this person may see. */
  receiptsOf(
    user: string,
    conversation: string,
    message: string,
  ): Promise<{ receipts: readonly MessageReceipt[]; failed: readonly MessageFailure[] } | undefined>
  /** Whom somebody has blocked, in the order in which they did. */
  blocksBy(user: string): Promise<readonly string[]>
  /** Who may see when somebody was there. */
  privacyOf(user: string): Promise<Audience>

  /** For the gateway, of each who is asked about: times of membership as of a position that the models have reached. */
  arrivals(asked: readonly { user: string; device: string }[], asOf: Position): Promise<readonly Arrival[]>
  /**
   * What this person may see of what happened after `after` up to and including `upTo`, oldest first, `limit` rows or a megabyte at most:
   * messages (with the content they were sent with, unless it was retracted) and member changes of the intervals in which they were a member
   * (their own joining and leaving included); receipts of the conversations they were in at that time, where they raise the member's mark.
   */
  changes(user: string, after: Position, upTo: Position, limit: number): Promise<Paged<Change>>
  /**
   * Messages of others that no device of this person has acknowledged, in conversations that keep delivered marks, and that
   * were not given up on; of one conversation, where one is named. Imported histories wait for nobody.
   */
  undelivered(user: string, upTo: Position, limit: number, conversation?: string): Promise<readonly MessageRow[]>
  /** The same, oldest first, after a position. */
  unacknowledged(user: string, after: Position, upTo: Position, limit: number): Promise<Paged<MessageRow>>

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
