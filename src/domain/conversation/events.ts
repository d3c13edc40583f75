// What can have happened in a conversation. Stream `conversation-<id>`; an event's revision there is its `seq`.

export type Role = 'owner' | 'admin' | 'member'
export type Retention = { readonly mode: 'permanent' } | { readonly mode: 'temporary'; readonly ttlMs: number }

export interface ConversationStarted {
  readonly type: 'ConversationStarted'
  readonly data: {
    readonly conversation: string
    readonly kind: 'direct' | 'group'
    /** Groups have a name; a direct chat is named by whom one looks at it with. */
    readonly name: string | null
    readonly members: readonly { readonly user: string; readonly role: Role }[]
    readonly memberLimit: number
    /** Whether delivered marks are kept: direct chats yes, groups by choice. */
    readonly delivered: boolean
    readonly retention: Retention
    readonly at: string
  }
}

export interface MemberJoined {
  readonly type: 'MemberJoined'
  readonly data: { readonly user: string; readonly role: Role; readonly invitedBy: string | null; readonly at: string }
}

export interface MemberLeft {
  readonly type: 'MemberLeft'
  readonly data: { readonly user: string; readonly at: string }
}

/** A medium that a message names. `grant` opens it for whoever may see the message; sealed in the log as contents are. */
export interface Attachment<Content = string> {
  readonly media: string
  readonly grant: Content
}

/** Somebody with the right to took them out. */
export interface MemberRemoved {
  readonly type: 'MemberRemoved'
  readonly data: { readonly user: string; readonly by: string; readonly at: string }
}

/** `by` is null where nobody decided it: the last owner has left, and somebody follows. */
export interface MemberRoleChanged {
  readonly type: 'MemberRoleChanged'
  readonly data: { readonly user: string; readonly role: Role; readonly by: string | null; readonly at: string }
}

export interface ConversationRenamed {
  readonly type: 'ConversationRenamed'
  readonly data: { readonly name: string | null; readonly by: string; readonly at: string }
}

/** Counts for what is sent after it; what was sent before keeps the time it had. */
export interface RetentionChanged {
  readonly type: 'RetentionChanged'
  readonly data: { readonly retention: Retention; readonly by: string; readonly at: string }
}

/** Whether delivered marks are kept from here on. */
export interface DeliveredMarksChanged {
  readonly type: 'DeliveredMarksChanged'
  readonly data: { readonly delivered: boolean; readonly by: string; readonly at: string }
}

/** The event's id is the message's id, chosen by the client. `Content` is the body in the domain, sealed in the log. */
export interface MessageSent<Content = string> {
  readonly type: 'MessageSent'
  readonly id: string
  readonly data: {
    readonly from: string
    readonly at: string
    /** Where the conversation's retention, as it is at this seq, is temporary: when the content's time is over. */
    readonly expiresAt?: string | undefined
    readonly content: Content
    /** Left out where it names none. */
    readonly attachments?: readonly Attachment<Content>[]
  }
  /** Its seq, where it is known: read back, or about to be written. */
  readonly revision?: number
}

/** What is said about a message. The event's id was chosen by the client, as a message's is. */
interface OfMessage {
  readonly message: string
  readonly messageSeq: number
  readonly from: string
  readonly at: string
}

/** The message's author has another body for it. Its time is over when the message's is. */
export interface MessageEdited<Content = string> {
  readonly type: 'MessageEdited'
  readonly id: string
  readonly data: OfMessage & {
    readonly expiresAt?: string | undefined
    readonly content: Content
    /** In the place of those before. */
    readonly attachments?: readonly Attachment<Content>[]
  }
}

/** Taken back: by its author, or in a group by an owner or admin. It stays on the record and is shown to nobody. */
export interface MessageRetracted {
  readonly type: 'MessageRetracted'
  readonly id: string
  readonly data: OfMessage
}

export interface ReactionAdded {
  readonly type: 'ReactionAdded'
  readonly id: string
  readonly data: OfMessage & { readonly reaction: string }
}

export interface ReactionRemoved {
  readonly type: 'ReactionRemoved'
  readonly id: string
  readonly data: OfMessage & { readonly reaction: string }
}

/** Why a message was given up on: no device acknowledged what was pushed, or nobody came for it in time. */
export type FailureReason = 'not-acknowledged' | 'too-old'

/** A message that no device of this member has acknowledged is not pushed to them any more. Once per message and member. */
export interface DeliveryFailed {
  readonly type: 'DeliveryFailed'
  readonly data: {
    readonly message: string
    readonly messageSeq: number
    /** The message's author, who is told. */
    readonly from: string
    readonly to: string
    readonly reason: FailureReason
    /** How often it was pushed by the box that gave up; 0: never. */
    readonly attempts: number
    readonly at: string
  }
}

/**
 * A piece of history from elsewhere is now part of this one: lines `fromLine` to `upToLine` of `source`, both included.
 * Appended in the same write as what those lines said, so that importing again, also after a kill, knows where it stood.
 */
export interface HistoryImported {
  readonly type: 'HistoryImported'
  readonly data: {
    readonly source: string
    readonly fromLine: number
    readonly upToLine: number
    readonly memberLimit: number
    readonly at: string
  }
}

export type ConversationEvent<Content = string> =
  | ConversationStarted
  | MemberJoined
  | MemberLeft
  | MemberRemoved
  | MemberRoleChanged
  | ConversationRenamed
  | RetentionChanged
  | DeliveredMarksChanged
  | MessageSent<Content>
  | MessageEdited<Content>
  | MessageRetracted
  | ReactionAdded
  | ReactionRemoved
  | DeliveryFailed
  | HistoryImported
