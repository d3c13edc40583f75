// What is so in a conversation, as far as decisions need it.
import { refuse, type Refusal } from '../refusals.ts'
import type { Blockers } from './commands.ts'
import type { Retention, Role } from './events.ts'

/** A message that something is asked about. */
export interface Said {
  readonly from: string
  readonly seq: number
  readonly at: string
  readonly expiresAt?: string | undefined
  readonly retracted: boolean
  /** Who was a member when it was said; at least of those who ask about it. */
  readonly seenBy: { has(user: string): boolean }
  /** By user; at least of those who ask about it. */
  readonly reactions: ReadonlyMap<string, ReadonlySet<string>>
  /** For whom it was given up on; at least of those who ask about it. */
  readonly failedFor: ReadonlySet<string>
}

/** By id; null: there is none. What nobody asks about is not here, and costs nothing. */
export type About = ReadonlyMap<string, Said | null>

export interface OpenConversation {
  readonly status: 'open'
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  /** In the order in which they came in; who came at once, in that of their ids. */
  readonly members: ReadonlyMap<string, Role>
  /** Who once was a member: they are told `not-a-member`, strangers `unknown-conversation`. */
  readonly former: ReadonlySet<string>
  readonly memberLimit: number
  readonly delivered: boolean
  readonly retention: Retention
  /** Source of an imported history → its last line that is in. */
  readonly imported: ReadonlyMap<string, number>
  readonly about?: About
}

export type Conversation = { readonly status: 'unknown'; readonly about?: About } | OpenConversation

/** The conversation, for a member of it; or why this person may not act here. Existence is not told to who was never in. */
export function actingIn(now: Conversation, user: string): OpenConversation | Refusal {
  if (now.status !== 'open') return refuse('unknown-conversation')
  if (now.members.has(user)) return now
  return refuse(now.former.has(user) ? 'not-a-member' : 'unknown-conversation')
}

/** Why this person may not act here, if so. */
export function notIn(now: Conversation, user: string): Refusal | undefined {
  const here = actingIn(now, user)
  return 'refused' in here ? here : undefined
}

/** Why this person may not say anything here, if so: in a direct chat, the other has blocked them. Groups in common go on. */
export function blockedIn(here: OpenConversation, user: string, { blockedBy }: Blockers): Refusal | undefined {
  if (!blockedBy?.size || here.kind === 'group') return undefined
  return [...here.members.keys()].some(other => other !== user && blockedBy.has(other)) ? refuse('blocked') : undefined
}
