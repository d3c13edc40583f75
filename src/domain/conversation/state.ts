// What is so in a conversation, as far as decisions need it.
import { refuse, type Refusal } from '../refusals.ts'
import type { Retention, Role } from './events.ts'

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
}

export type Conversation = { readonly status: 'unknown' } | OpenConversation

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
