// What may happen in a conversation, and why not. groups.ts has who may do what to whom, messages.ts what becomes of messages.
import { decider, fold } from '../decider.ts'
import { isRefusal, refuse } from '../refusals.ts'
import type { ConversationCommand, HistoryEntry } from './commands.ts'
import type { ConversationEvent, MessageSent, Retention } from './events.ts'
import { attached } from './attachments.ts'
import { failDelivery } from './delivery.ts'
import { changeConversation, inviteMember, removeMember } from './groups.ts'
import { amended, editMessage, react, repliesToNothing, retractMessage, withReaction, withSaid } from './messages.ts'
import { actingIn, blockedIn, type Conversation } from './state.ts'

const permanent: Retention = { mode: 'permanent' }

export const conversation = decider<Conversation, ConversationCommand, ConversationEvent>({
  initial: { status: 'unknown' },

  decide: {
    StartGroup: ({ conversation, name, by, members, memberLimit, delivered, retention, blockedBy, at }, now) => {
      if (now.status === 'open') {
        const owner = by !== null && now.members.get(by) === 'owner'
        return owner ? [] : refuse('conversation-exists', `there already is a conversation ${conversation}`)
      }
      const others = [...new Set(members)].filter(user => user !== by)
      if (others.length + (by === null ? 0 : 1) > memberLimit)
        return refuse('group-is-full', `${others.length + 1} members; a group has at most ${memberLimit}`)
      const blocker = others.find(user => blockedBy?.has(user))
      if (blocker !== undefined) return refuse('blocked', `${blocker} has blocked you`)
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

    InviteMember: inviteMember,
    RemoveMember: removeMember,
    ChangeConversation: changeConversation,

    SendDirect: ({ conversation, id, from, to, content, replyTo, blockedBy, at, ...named }, now) => {
      const media = attached(named)
      if (now.status === 'open') {
        const here = actingIn(now, from)
        if (isRefusal(here)) return here
        if (here.kind !== 'direct') return refuse('not-allowed', 'this is no direct chat')
        const refusal = blockedIn(here, from, { blockedBy }) ?? repliesToNothing(replyTo, from, here)
        if (refusal) return refusal
        if (isRefusal(media)) return media
        return [message(id, { from, at, content, ...media }, here.retention)]
      }
      if (blockedBy?.has(to)) return refuse('blocked')
      if (replyTo !== undefined) return refuse('unknown-message', 'nothing has been said here yet')
      if (isRefusal(media)) return media
      const members = [...new Set([from, to])].sort().map(user => ({ user, role: 'member' as const }))
      const data = {
        conversation,
        kind: 'direct' as const,
        name: null,
        members,
        memberLimit: 2,
        delivered: true,
        retention: permanent,
        at,
      }
      return [{ type: 'ConversationStarted', data }, message(id, { from, at, content, ...media }, permanent)]
    },

    SendMessage: ({ id, from, content, replyTo, blockedBy, at, ...named }, now) => {
      const here = actingIn(now, from)
      if (isRefusal(here)) return here
      const refusal = blockedIn(here, from, { blockedBy }) ?? repliesToNothing(replyTo, from, here)
      if (refusal) return refusal
      const media = attached(named)
      return isRefusal(media) ? media : [message(id, { from, at, content, ...media }, here.retention)]
    },

    EditMessage: editMessage,
    RetractMessage: retractMessage,
    React: react,
    FailDelivery: failDelivery,

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
    ConversationStarted: ({ data }, { about }) => ({
      ...(about && { about }),
      status: 'open',
      kind: data.kind,
      name: data.name,
      members: new Map(data.members.map(({ user, role }) => [user, role] as const).sort(byUser)),
      former: new Set(),
      memberLimit: data.memberLimit,
      delivered: data.delivered,
      retention: data.retention,
      imported: new Map(),
    }),
    MemberJoined: ({ data }, now) =>
      now.status !== 'open' ? now : { ...now, members: new Map(now.members).set(data.user, data.role) },
    MemberLeft: ({ data }, now) => without(data.user, now),
    MemberRemoved: ({ data }, now) => without(data.user, now),
    MemberRoleChanged: ({ data }, now) =>
      now.status !== 'open' || !now.members.has(data.user)
        ? now
        : { ...now, members: new Map(now.members).set(data.user, data.role) },
    ConversationRenamed: ({ data }, now) => (now.status !== 'open' ? now : { ...now, name: data.name }),
    RetentionChanged: ({ data }, now) => (now.status !== 'open' ? now : { ...now, retention: data.retention }),
    DeliveredMarksChanged: ({ data }, now) => (now.status !== 'open' ? now : { ...now, delivered: data.delivered }),
    MessageSent: (event, now) => (now.about?.has(event.id) ? withSaid(event, now) : now),
    MessageEdited: (_, now) => now,
    MessageRetracted: ({ data }, now) => amended(data.message, now, said => ({ ...said, retracted: true })),
    ReactionAdded: ({ data }, now) => amended(data.message, now, said => withReaction(data, said, true)),
    ReactionRemoved: ({ data }, now) => amended(data.message, now, said => withReaction(data, said, false)),
    DeliveryFailed: ({ data }, now) =>
      amended(data.message, now, said => ({ ...said, failedFor: new Set(said.failedFor).add(data.to) })),
    HistoryImported: ({ data }, now) => {
      if (now.status !== 'open') return now
      const imported = new Map(now.imported).set(data.source, data.upToLine)
      return { ...now, memberLimit: data.memberLimit, imported }
    },
  },
})

const byUser = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : 1)

function without(user: string, now: Conversation): Conversation {
  if (now.status !== 'open') return now
  const members = new Map(now.members)
  members.delete(user)
  return { ...now, members, former: new Set(now.former).add(user) }
}

/** The last millisecond that has a year of four digits: no time is told beyond it. */
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')

function message(id: string, data: MessageSent['data'], retention: Retention): MessageSent {
  if (retention.mode === 'permanent') return { type: 'MessageSent', id, data }
  const expiresAt = new Date(Math.min(Date.parse(data.at) + retention.ttlMs, lastMs)).toISOString()
  return { type: 'MessageSent', id, data: { ...data, expiresAt } }
}

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
      const retention = now.status === 'open' ? now.retention : permanent
      const words = message(entry.id, { from: user, at, content: entry.content }, retention)
      return present ? [words] : [joined, words]
    }
  }
}
