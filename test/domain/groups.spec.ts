// Who may do what in a group, and what a conversation is: by example, and whatever is asked in whatever order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConversationCommand } from '../../src/domain/conversation/commands.ts'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { ConversationEvent, Retention, Role } from '../../src/domain/conversation/events.ts'
import { decide, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { given } from '../support/given.ts'

const at = '2026-01-02T03:04:05.678Z'
const permanent: Retention = { mode: 'permanent' }
const day: Retention = { mode: 'temporary', ttlMs: 86_400_000 }

const started = (members: Record<string, Role>, kind: 'direct' | 'group' = 'group'): ConversationEvent => ({
  type: 'ConversationStarted',
  data: {
    conversation: 'c',
    kind,
    name: kind === 'group' ? 'tea' : null,
    members: Object.entries(members).map(([user, role]) => ({ user, role })),
    memberLimit: 10,
    delivered: false,
    retention: permanent,
    at,
  },
})
const group = started({ olga: 'owner', adam: 'admin', ann: 'admin', mia: 'member', max: 'member' })
const direct = started({ olga: 'member', mia: 'member' }, 'direct')

const add = (user: string, by: string, role?: Role) => ({ type: 'InviteMember', user, by, role, at }) as const
const remove = (user: string, by: string) => ({ type: 'RemoveMember', user, by, at }) as const
const leave = (user: string) => ({ type: 'RemoveMember', user, by: user, at }) as const
const change = (by: string, to: { name?: string | null; retention?: Retention; delivered?: boolean }) =>
  ({ type: 'ChangeConversation', by, at, ...to }) as const
const send = (from: string) => ({ type: 'SendMessage', id: 'm', from, content: '{}', at }) as const

const joined = (user: string, role: Role, invitedBy: string): ConversationEvent => ({
  type: 'MemberJoined',
  data: { user, role, invitedBy, at },
})
const removed = (user: string, by: string): ConversationEvent => ({ type: 'MemberRemoved', data: { user, by, at } })
const left = (user: string): ConversationEvent => ({ type: 'MemberLeft', data: { user, at } })
const promoted = (user: string, role: Role, by: string | null): ConversationEvent => ({
  type: 'MemberRoleChanged',
  data: { user, role, by, at },
})
const renamed = (name: string | null, by: string): ConversationEvent => ({
  type: 'ConversationRenamed',
  data: { name, by, at },
})

describe('roles', () => {
  it('[Q1] owners remove anybody, admins remove members, members nobody', () => {
    given(conversation, group).when(remove('adam', 'olga')).then(removed('adam', 'olga'))
    given(conversation, group).when(remove('mia', 'adam')).then(removed('mia', 'adam'))
    given(conversation, group).when(remove('ann', 'adam')).thenRefused('not-allowed')
    given(conversation, group).when(remove('olga', 'adam')).thenRefused('not-allowed')
    given(conversation, group).when(remove('max', 'mia')).thenRefused('not-allowed')
    given(conversation, group).when(remove('mia', 'stranger')).thenRefused('unknown-conversation')
    given(conversation, group, left('max')).when(remove('mia', 'max')).thenRefused('not-a-member')
    given(conversation, direct).when(remove('mia', 'olga')).thenRefused('not-allowed')
  })
  it('[Q1] removing who is out changes nothing, removing oneself is leaving', () => {
    given(conversation, group, left('max')).when(remove('max', 'adam')).thenNothing()
    given(conversation, group).when(remove('nobody', 'adam')).thenNothing()
    given(conversation, group).when(remove('mia', 'mia')).then(left('mia'))
  })
  it('[Q1] owners give every role, admins let in members alone', () => {
    given(conversation, group)
      .when(add('new', 'olga', 'admin'))
      .then(joined('new', 'admin', 'olga'))
    given(conversation, group)
      .when(add('new', 'adam'))
      .then(joined('new', 'member', 'adam'))
    given(conversation, group)
      .when(add('new', 'adam', 'admin'))
      .thenRefused('not-allowed')
    given(conversation, group).when(add('new', 'mia')).thenRefused('not-allowed')
    given(conversation, group)
      .when(add('mia', 'olga', 'admin'))
      .then(promoted('mia', 'admin', 'olga'))
    given(conversation, group)
      .when(add('adam', 'olga', 'member'))
      .then(promoted('adam', 'member', 'olga'))
    given(conversation, group)
      .when(add('mia', 'adam', 'admin'))
      .thenRefused('not-allowed')
    given(conversation, group)
      .when(add('ann', 'adam', 'member'))
      .thenRefused('not-allowed')
  })
  it('[Q1] everybody may lower their own role', () => {
    given(conversation, group)
      .when(add('adam', 'adam', 'member'))
      .then(promoted('adam', 'member', 'adam'))
    given(conversation, group)
      .when(add('adam', 'adam', 'owner'))
      .thenRefused('not-allowed')
  })
  it('[J2] adding who is in, without another role, changes nothing', () => {
    given(conversation, group).when(add('adam', 'olga')).thenNothing()
    given(conversation, group)
      .when(add('adam', 'mia', 'admin'))
      .thenNothing()
  })
  it('[Q2] a group keeps an owner: the last one cannot step down', () => {
    given(conversation, group)
      .when(add('olga', 'olga', 'member'))
      .thenRefused('not-allowed')
    given(conversation, group, promoted('ann', 'owner', 'olga'))
      .when(add('olga', 'olga', 'member'))
      .then(promoted('olga', 'member', 'olga'))
  })
  it('[Q2] when the last owner leaves, the admin who has been in longest follows, or the member', () => {
    given(conversation, group)
      .when(leave('olga'))
      .then(left('olga'), promoted('adam', 'owner', null))
    given(conversation, group, promoted('mia', 'owner', 'olga'))
      .when(leave('olga'))
      .then(left('olga'))
    const members = [started({ olga: 'owner', zoe: 'member', bea: 'member' })]
    given(conversation, ...members)
      .when(leave('olga'))
      .then(left('olga'), promoted('bea', 'owner', null))
    given(conversation, ...members, left('bea'), joined('bea', 'member', 'olga'))
      .when(leave('olga'))
      .then(left('olga'), promoted('zoe', 'owner', null))
    given(conversation, started({ olga: 'owner' }))
      .when(leave('olga'))
      .then(left('olga'))
  })
  it('[Q3] who was removed may be let in again', () => {
    given(conversation, group, removed('mia', 'adam')).when(send('mia')).thenRefused('not-a-member')
    given(conversation, group, removed('mia', 'adam'))
      .when(add('mia', 'adam'))
      .then(joined('mia', 'member', 'adam'))
  })
})

describe('what a conversation is', () => {
  it('[Q4] is changed by owners and admins, and only what becomes another is told', () => {
    given(conversation, group)
      .when(change('adam', { name: 'coffee', retention: day, delivered: true }))
      .then(
        renamed('coffee', 'adam'),
        { type: 'RetentionChanged', data: { retention: day, by: 'adam', at } },
        { type: 'DeliveredMarksChanged', data: { delivered: true, by: 'adam', at } },
      )
    given(conversation, group)
      .when(change('adam', { name: 'tea', retention: permanent, delivered: false }))
      .thenNothing()
    given(conversation, group).when(change('adam', {})).thenNothing()
    given(conversation, group)
      .when(change('mia', { name: 'mine' }))
      .thenRefused('not-allowed')
    given(conversation, group)
      .when(change('stranger', { name: 'mine' }))
      .thenRefused('unknown-conversation')
    given(conversation, group)
      .when(change('olga', { name: null }))
      .thenRefused('not-allowed')
  })
  it('[Q5] a direct chat is changed by either of the two', () => {
    given(conversation, direct)
      .when(change('mia', { name: 'us' }))
      .then(renamed('us', 'mia'))
    given(conversation, direct, renamed('us', 'mia'))
      .when(change('olga', { name: null }))
      .then(renamed(null, 'olga'))
  })
  it('[Q6] each message’s time is that of the retention in force where it stands', () => {
    const sent = (more: object) => ({ type: 'MessageSent', id: 'm', data: { from: 'mia', at, content: '{}', ...more } })
    const toDay: ConversationEvent = { type: 'RetentionChanged', data: { retention: day, by: 'olga', at } }
    const back: ConversationEvent = { type: 'RetentionChanged', data: { retention: permanent, by: 'olga', at } }
    const once = (...events: ConversationEvent[]) =>
      decide(conversation, send('mia'), fold(conversation, conversation.initial, events))
    expect(once(group)).toEqual([sent({})])
    expect(once(group, toDay)).toEqual([sent({ expiresAt: '2026-01-03T03:04:05.678Z' })])
    expect(once(group, toDay, back)).toEqual([sent({})])
    const endless: Retention = { mode: 'temporary', ttlMs: Number.MAX_SAFE_INTEGER }
    expect(once(group, { type: 'RetentionChanged', data: { retention: endless, by: 'olga', at } })).toEqual([
      sent({ expiresAt: '9999-12-31T23:59:59.999Z' }),
    ])
  })
})

it('[Q2] whatever is asked by whomever, a group that has members and once had an owner has one', () => {
  const who = fc.constantFrom('olga', 'adam', 'mia', 'max', 'new')
  const role = fc.constantFrom<Role | undefined>('owner', 'admin', 'member', undefined)
  const command: fc.Arbitrary<ConversationCommand> = fc.oneof(
    fc.tuple(who, who, role).map(([user, by, role]) => add(user, by, role)),
    fc.tuple(who, who).map(([user, by]) => remove(user, by)),
    who.map(leave),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), commands => {
      let now = fold(conversation, conversation.initial, [group])
      for (const each of commands) {
        const decision = decide(conversation, each, now)
        if (!isRefusal(decision)) now = fold(conversation, now, decision)
        const roles = now.status === 'open' ? [...now.members.values()] : []
        expect(roles.length === 0 || roles.includes('owner')).toBe(true)
      }
    }),
  )
})
