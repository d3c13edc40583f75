// What the HTTP answers look like, as far as the SDK's callers use it. Servers may add fields.
import type { Body } from './frames.ts'

export interface HistoryMessage {
  readonly seq: number
  readonly id: string
  readonly from: string
  readonly at: string
  /** When the time of its content is over. */
  readonly expiresAt?: string
  /** Null or missing where the content is gone: retracted, expired, erased. */
  readonly body?: Body | null
  readonly gone?: boolean
  /** Its time is over. */
  readonly expired?: boolean
  /** Taken back by its author, or by an owner or admin. */
  readonly retracted?: boolean
  /** The body is not the first one. */
  readonly edited?: boolean
  readonly editedAt?: string
  readonly reactions?: readonly Reaction[]
}

export interface Reaction {
  readonly reaction: string
  readonly count: number
  readonly mine: boolean
  /** The first of them. */
  readonly users: readonly string[]
}

export interface FoundMessage extends HistoryMessage {
  readonly conversation: string
}

/** Newest first. */
export interface FoundMessages {
  readonly messages: readonly FoundMessage[]
  /** The next page is the one `before` this; null: that was all. */
  readonly next: string | null
  /** False while the index is being built: what is missing is old, or all. */
  readonly complete: boolean
}

export interface InboxEntry {
  readonly conversation: string
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly unread: number
  readonly last?: HistoryMessage | null
  readonly members: readonly string[]
}

export interface Inbox {
  readonly conversations: readonly InboxEntry[]
  readonly cursor: string
  /** Of a page: where the next one begins. Null: that was all. */
  readonly next: string | null
}

export interface Conversation {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly members: readonly { readonly user: string; readonly role: string }[]
  readonly delivered: boolean
  readonly retention: { readonly mode: 'permanent' } | { readonly mode: 'temporary'; readonly ttl: string }
  /** Of its last event. */
  readonly seq: number
}

/** For each of those who could see it and their devices: when it got it, when it was read. */
export interface Receipts {
  readonly receipts: readonly {
    readonly user: string
    readonly device: string
    readonly delivered: string | null
    readonly read: string | null
  }[]
  /** For whom it was given up on. Who acknowledges it later all the same is above, too. */
  readonly failed: readonly {
    readonly user: string
    readonly reason: 'not-acknowledged' | 'too-old'
    readonly attempts: number
    readonly at: string
  }[]
}

export interface Presence {
  readonly user: string
  readonly state: 'online' | 'offline'
  readonly lastSeen: string | null
}

/** Contacts: whoever shares a conversation. */
export interface Privacy {
  readonly lastSeen: 'everyone' | 'contacts' | 'nobody'
}

/** A device is linked by its first socket. `current`: the one that asks. */
export interface Device {
  readonly device: string
  readonly linkedAt: string
  /** Open. */
  readonly sessions: number
  /** When a session of it last opened or closed. */
  readonly lastSeenAt: string | null
  readonly current: boolean
}

export interface DevicesPage {
  readonly devices: readonly Device[]
  readonly next: string | null
}

export interface Started {
  readonly id: string
  readonly seq: number
  readonly position: string
}

/** An image that was taken in, as it is served: upright, without metadata. `id` is what a message's `attachments` names. */
export interface Uploaded {
  readonly id: string
  /** Of the bytes as they are served, in hex. */
  readonly sha256: string
  readonly size: number
  readonly type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'
  readonly width: number
  readonly height: number
  readonly position: string
}

/** What one line of an imported history says. `line` counts from 1 in its source. */
export type HistoryEntry = { readonly line: number; readonly at: string; readonly user: string } & (
  { readonly what: 'joined' | 'left' } | { readonly what: 'said'; readonly id: string; readonly body: Body }
)

/** `imported`: how many entries were new. */
export interface Imported {
  readonly imported: number
  readonly upToLine: number
  readonly position: string
}

/** A change's position: a read with it as `atLeast` shows the change. */
export interface Done {
  readonly position: string
}

export type AuditedConversation = Conversation

export interface AuditedPage {
  readonly conversations: readonly AuditedConversation[]
  readonly next?: string | null
}

export interface AuditedEvent {
  readonly position: string
  readonly stream: string
  readonly revision: number
  readonly id: string
  readonly type: string
  readonly data: Record<string, unknown>
  readonly metadata: Record<string, unknown>
  readonly body?: Body
  /** Asked for with `open`, and its time is over. */
  readonly expired?: boolean
}

/** What is temporary; times are null where there is none. */
export interface RetentionReport {
  readonly conversations: readonly {
    readonly conversation: string
    readonly name: string | null
    /** What is due: content keys, since when, and the messages and images that go with them. */
    readonly keys: number
    readonly since: string | null
    readonly messages: number
    readonly images: number
    /** What has its time still, and when the first key of it is due. */
    readonly keptMessages: number
    readonly keptKeys: number
    readonly next: string | null
  }[]
  /** By this call. */
  readonly deleted: { readonly keys: number; readonly images: number }
}

/** How far a check is; last, with `drift`, what it has found. */
export type InboxCheck =
  | { readonly events: number; readonly position: string; readonly upTo: string }
  | {
      readonly events: number
      readonly position: string
      readonly users: number
      readonly conversations: number
      readonly unread: number
      /** Nothing: the read models say what the log says. */
      readonly drift: readonly InboxDrift[]
    }

/** `found` in the read models, `recounted` from the log: unread messages, or places in the inbox. */
export interface InboxDrift {
  readonly user: string
  readonly conversation: string
  readonly what: 'missing' | 'not theirs' | 'unread' | 'order'
  readonly found: number | null
  readonly recounted: number | null
}

/** A process. `alive`: it holds a lease; the sessions of one that does not are about to be closed. */
export interface Box {
  readonly box: string
  readonly alive: boolean
  readonly roles: readonly string[]
  readonly since: string | null
  readonly until: string | null
  readonly sessions: number
  readonly users: number
}

export interface BoxSessions {
  readonly sessions: readonly {
    readonly user: string
    readonly session: string
    readonly device: string
    readonly openedAt: string
  }[]
  readonly next: string | null
}
