// What commands need to know that is not in memory: asked of the read side, for many at once.
import type { Position } from '../eventstore/index.ts'
import type { Retention, Role } from '../domain/index.ts'

/** A conversation as the read models have it: all its events up to and including `seq` are in. */
export interface ConversationSnapshot {
  readonly conversation: string
  readonly seq: number
  /** How far the read models were then. */
  readonly asOf: Position
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly memberLimit: number
  readonly delivered: boolean
  readonly retention: Retention
  readonly members: readonly { readonly user: string; readonly role: Role }[]
  readonly former: readonly string[]
  readonly imported: readonly { readonly source: string; readonly upToLine: number }[]
}

/** The answer that a message got. */
export interface SentMessage {
  readonly id: string
  readonly conversation: string
  readonly seq: number
  readonly from: string
  readonly at: string
  readonly position: Position
}

export interface DeviceMarks {
  readonly conversation: string
  readonly user: string
  readonly device: string
  readonly delivered: number
  readonly read: number
}

/** The media store, as far as messages need it. */
export interface MediaSide {
  /** What opens each of these for who may see a message that names it. Those that this person may not see are left out. */
  grants(user: string, media: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** What retention tells of the read models. */
export interface RetentionSide {
  /** By conversation, where there is anything: messages and images of these content keys, messages that have their time still. */
  expiring(
    keys: readonly string[],
  ): Promise<readonly { conversation: string; messages: number; images: number; keptMessages: number }[]>
}

/** What somebody asks about a message. */
export interface AskedMessage {
  readonly user: string
  readonly message: string
}

/** Messages of a conversation that are asked about, as the read models have them. */
export interface MessagesAskedAbout {
  /** All the conversation's events up to and including this seq are in; -1: none. */
  readonly seq: number
  /** Those of who ask that are members then. */
  readonly members: readonly string[]
  readonly messages: readonly {
    readonly id: string
    readonly from: string
    readonly seq: number
    readonly at: string
    readonly expiresAt?: string
    readonly retracted: boolean
    /** Those of who ask that may see it. */
    readonly seenBy: readonly string[]
    /** Of who ask. */
    readonly reactions: readonly { readonly user: string; readonly reaction: string }[]
    /** Those of who ask for whom it was given up on. */
    readonly failedFor: readonly string[]
  }[]
}

/** The read side. Each question is one query, however many are asked about; what is not found is left out. */
export interface ReadSide {
  conversations(ids: readonly string[]): Promise<readonly ConversationSnapshot[]>
  /** Messages and what became of messages, by the ids their clients chose, wherever they are; the earliest, should there be two. */
  messages(ids: readonly string[]): Promise<readonly SentMessage[]>
  /** The ids of all those, a page after one of them, ascending; fewer than `limit`: there are no more. */
  saidIds(after: string, limit: number): Promise<readonly string[]>
  /** As of one moment. Messages that are not in this conversation are left out. */
  askedAbout(conversation: string, asked: readonly AskedMessage[]): Promise<MessagesAskedAbout>
  marks(of: readonly { conversation: string; user: string; device: string }[]): Promise<readonly DeviceMarks[]>
  /** How far all devices of a member together have got a conversation; -1: not at all. */
  acknowledged(conversation: string, user: string): Promise<number>
  /** How far the read models are: every event up to here is in. */
  position(): Position
}
