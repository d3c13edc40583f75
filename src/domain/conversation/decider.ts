// What may happen in a conversation, and why not.
import { decider, fold } from '../decider.ts'
import { refuse } from '../refusals.ts'
import type { ConversationCommand, HistoryEntry } from './commands.ts'
import type { ConversationEvent, Retention, Role } from './events.ts'

export interface OpenConversation {
  readonly status: 'open'
  readonly kind: 'direct' | 'group'
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

/** Why this person may not act here, if so. Existence is not told to who was never in. */
export function notIn(now: Conversation, user: string) {
  if (now.status !== 'open') return refuse('unknown-conversation')
  if (now.members.has(user)) return undefined
  return refuse(now.former.has(user) ? 'not-a-member' : 'unknown-conversation')
}

export const conversation = decider<Conversation, ConversationCommand, ConversationEvent>({
  initial: { status: 'unknown' },

  decide: {
    StartGroup: ({ conversation, name, by, members, memberLimit, delivered, retention, at }, now) => {
      if (now.status === 'open') {
        const owner = by !== null && now.members.get(by) === 'owner'
        return owner ? [] : refuse('conversation-exists', `there already is a conversation ${conversation}`)
      }
      const others = [...new Set(members)].filter(user => user !== by)
      if (others.length + (by === null ? 0 : 1) > memberLimit)
        return refuse('group-is-full', `${others.length + 1} members; a group has at most ${memberLimit}`)
      const owner = by === null ? [] : [{ user: by, role: 'owner' as const }]
      const everyone = [...owner, ...others.map(user => ({ user, role: 'member' as const }))]
      const data = {
        conversation,
        kind: 'group' as const,
        name,
        members: everyone,
        memberLimit,
        delivered,
        retention,
        at,
      }
      return [{ type: 'ConversationStarted', data }]
    },

    InviteMember: ({ user, by, at }, now) => {
      const stranger = notIn(now, by)
      if (stranger) return stranger
      if (now.status !== 'open') return refuse('unknown-conversation')
      if (now.kind === 'direct') return refuse('not-allowed', 'a direct chat has the two members it has')
      if (now.members.has(user)) return [] // already so: saying it twice is saying it once
      if (now.members.get(by) === 'member') return refuse('not-allowed', 'owners and admins add members')
      if (now.members.size >= now.memberLimit) return refuse('group-is-full', `the limit is ${now.memberLimit} members`)
      return [{ type: 'MemberJoined', data: { user, role: 'member', invitedBy: by, at } }]
    },

    Leave: ({ user, at }, now) => {
      if (now.status !== 'open') return refuse('unknown-conversation')
      if (now.former.has(user) && !now.members.has(user)) return []
      if (!now.members.has(user)) return refuse('unknown-conversation')
      if (now.kind === 'direct') return refuse('not-allowed', 'one cannot leave a direct chat')
      return [{ type: 'MemberLeft', data: { user, at } }]
    },

    SendDirect: ({ conversation, id, from, to, content, at }, now) => {
      const message = { type: 'MessageSent', id, data: { from, at, content } } as const
      if (now.status === 'open')
        return notIn(now, from) ?? (now.kind === 'direct' ? [message] : refuse('not-allowed', 'this is no direct chat'))
      const members = [...new Set([from, to])].sort().map(user => ({ user, role: 'member' as const }))
      const retention = { mode: 'permanent' } as const
      const data = {
        conversation,
        kind: 'direct' as const,
        name: null,
        members,
        memberLimit: 2,
        delivered: true,
        retention,
        at,
      }
      return [{ type: 'ConversationStarted', data }, message]
    },

    SendMessage: ({ id, from, content, at }, now) =>
      notIn(now, from) ?? [{ type: 'MessageSent', id, data: { from, at, content } }],

    ImportHistory: ({ source, upToLine, entries, at }, now) => {
      if (now.status !== 'open') return refuse('unknown-conversation')
      if (now.kind === 'direct') return refuse('not-allowed', 'a history is imported into a group')
      const known = now.imported.get(source) ?? 0
      if (upToLine <= known) return []
      const events: ConversationEvent[] = []
      let then: Conversation = now
      let most = now.memberLimit // a limit is no reason to refuse what has happened: it becomes what the history needs
      for (const entry of entries) {
        if (entry.line <= known) continue
        const next = said(entry, then)
        then = fold(conversation, then, next)
        if (then.status === 'open') most = Math.max(most, then.members.size)
        events.push(...next)
      }
      const data = { source, fromLine: known + 1, upToLine, memberLimit: most, at }
      return [...events, { type: 'HistoryImported', data }]
    },
  },

  evolve: {
    ConversationStarted: ({ data }) => ({
      status: 'open',
      kind: data.kind,
      members: new Map(data.members.map(({ user, role }) => [user, role])),
      former: new Set(),
      memberLimit: data.memberLimit,
      delivered: data.delivered,
      retention: data.retention,
      imported: new Map(),
    }),
    MemberJoined: ({ data }, now) =>
      now.status !== 'open' ? now : { ...now, members: new Map(now.members).set(data.user, data.role) },
    MemberLeft: ({ data }, now) => {
      if (now.status !== 'open') return now
      const members = new Map(now.members)
      members.delete(data.user)
      return { ...now, members, former: new Set(now.former).add(data.user) }
    },
    MessageSent: (_, now) => now,
    HistoryImported: ({ data }, now) => {
      if (now.status !== 'open') return now
      const imported = new Map(now.imported).set(data.source, data.upToLine)
      return { ...now, memberLimit: data.memberLimit, imported }
    },
  },
})

/** What one line of an imported history adds: who speaks without having joined joins there. */
function said(entry: HistoryEntry, now: Conversation): ConversationEvent[] {
  const { user, at } = entry
  const present = now.status === 'open' && now.members.has(user)
  const joined = { type: 'MemberJoined', data: { user, role: 'member', invitedBy: null, at } } as const
  switch (entry.what) {
    case 'joined':
      return present ? [] : [joined]
    case 'left':
      return present ? [{ type: 'MemberLeft', data: { user, at } }] : []
    case 'said': {
      const message = { type: 'MessageSent', id: entry.id, data: { from: user, at, content: entry.content } } as const
      return present ? [message] : [joined, message]
    }
  }
}
