// What can be asked of a conversation. Times are RFC 3339 UTC with milliseconds; `content` is the body's JSON text.
import type { FailureReason, Retention, Role } from './events.ts'

/** Who has blocked the person that asks. Left out: nobody. */
export interface Blockers {
  readonly blockedBy?: ReadonlySet<string> | undefined
}

export interface StartGroup extends Blockers {
  readonly type: 'StartGroup'
  readonly conversation: string
  readonly name: string
  /** Null where nobody here starts it: an imported channel. */
  readonly by: string | null
  readonly members: readonly string[]
  readonly memberLimit: number
  readonly delivered: boolean
  readonly retention: Retention
  readonly at: string
}

/** Somebody comes in, or, where they are in with another role, gets this one. */
export interface InviteMember extends Blockers {
  readonly type: 'InviteMember'
  readonly user: string
  /** Left out: `member` for who is new, no other than before for who is in. */
  readonly role?: Role | undefined
  readonly by: string
  readonly at: string
}

/** Oneself: to leave. */
export interface RemoveMember {
  readonly type: 'RemoveMember'
  readonly user: string
  readonly by: string
  readonly at: string
}

/** What is left out stays as it is. */
export interface ChangeConversation extends Blockers {
  readonly type: 'ChangeConversation'
  readonly name?: string | null | undefined
  readonly retention?: Retention | undefined
  readonly delivered?: boolean | undefined
  readonly by: string
  readonly at: string
}

/** A medium that a message is to name; `grant` is null where the sender may see none of that id. */
export interface Named {
  readonly media: string
  readonly grant: string | null
}

export interface SendDirect extends Blockers {
  readonly type: 'SendDirect'
  readonly conversation: string
  readonly id: string
  readonly from: string
  readonly to: string
  readonly content: string
  readonly attachments?: readonly Named[]
  /** The message that this one answers. */
  readonly replyTo?: string | undefined
  readonly at: string
}

export interface SendMessage extends Blockers {
  readonly type: 'SendMessage'
  readonly id: string
  readonly from: string
  readonly content: string
  readonly attachments?: readonly Named[]
  readonly replyTo?: string | undefined
  readonly at: string
}

export interface EditMessage extends Blockers {
  readonly type: 'EditMessage'
  readonly id: string
  readonly message: string
  readonly from: string
  readonly content: string
  readonly attachments?: readonly Named[]
  readonly at: string
}

export interface RetractMessage {
  readonly type: 'RetractMessage'
  readonly id: string
  readonly message: string
  readonly from: string
  readonly at: string
}

export interface React extends Blockers {
  readonly type: 'React'
  readonly id: string
  readonly message: string
  readonly from: string
  readonly reaction: string
  readonly on: boolean
  readonly at: string
}

/** A message is given up on for one member. `from` is that member: it is asked whether they may see it. */
export interface FailDelivery {
  readonly type: 'FailDelivery'
  readonly message: string
  readonly from: string
  /** How far their devices have acknowledged, by the receipts in the log. */
  readonly acknowledged: number
  readonly reason: FailureReason
  readonly attempts: number
  readonly at: string
}

/** One thing a line of the imported history says. `line` counts from 1 in its source. */
export type HistoryEntry = { readonly line: number; readonly at: string; readonly user: string } & (
  | { readonly what: 'joined' }
  | { readonly what: 'left' }
  | { readonly what: 'said'; readonly id: string; readonly content: string }
)

export interface ImportHistory {
  readonly type: 'ImportHistory'
  readonly source: string
  readonly upToLine: number
  readonly entries: readonly HistoryEntry[]
  readonly at: string
}

export type ConversationCommand =
  | StartGroup
  | InviteMember
  | RemoveMember
  | ChangeConversation
  | SendDirect
  | SendMessage
  | EditMessage
  | RetractMessage
  | React
  | FailDelivery
  | ImportHistory
