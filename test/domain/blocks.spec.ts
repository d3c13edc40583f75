// What a blocked person may not do, and what goes on.
import { describe, expect, it } from 'vitest'
import type { ConversationCommand } from '../../src/domain/conversation/commands.ts'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { ConversationEvent } from '../../src/domain/conversation/events.ts'
import type { Conversation } from '../../src/domain/conversation/state.ts'
import { decide, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'

const at = '2026-01-02T03:04:05.678Z'
const started = (kind: 'direct' | 'group', ...members: string[]): ConversationEvent => ({
  type: 'ConversationStarted',
  data: {
    conversation: 'c',
    kind,
    name: kind === 'group' ? 'tea' : null,
    members: members.map(user => ({ user, role: 'owner' })),
    memberLimit: 10,
    delivered: false,
    retention: { mode: 'permanent' },
    at,
  },
})
const said: ConversationEvent = { type: 'MessageSent', id: 'm', revision: 1, data: { from: 'ann', at, content: '{}' } }
/** Bob has blocked Ann, who asks. */
const blockedBy = new Set(['bob'])
const common = { from: 'ann', by: 'ann', at, blockedBy, id: 'x', message: 'm', content: '{}' }

function refusal(command: object, ...events: ConversationEvent[]) {
  const asked: Conversation = { status: 'unknown', about: new Map([['m', null]]) }
  const decision = decide(
    conversation,
    { ...common, ...command } as unknown as ConversationCommand,
    fold(conversation, asked, events),
  )
  return isRefusal(decision) ? decision.refused : decision.map(({ type }) => type).join(' ')
}

describe('who is blocked', () => {
  const direct = [started('direct', 'ann', 'bob'), said]
  it('[B2] says nothing to the blocker: no message, edit, reaction or name', () => {
    const sendDirect = { type: 'SendDirect', conversation: 'c', to: 'bob' }
    expect(refusal(sendDirect)).toBe('blocked')
    expect(refusal(sendDirect, ...direct)).toBe('blocked')
    expect(refusal({ type: 'SendMessage' }, ...direct)).toBe('blocked')
    expect(refusal({ type: 'EditMessage' }, ...direct)).toBe('blocked')
    expect(refusal({ type: 'React', reaction: '👍', on: true }, ...direct)).toBe('blocked')
    expect(refusal({ type: 'ChangeConversation', name: 'hey' }, ...direct)).toBe('blocked')
    expect(refusal({ type: 'SendDirect', conversation: 'd', to: 'carol' })).toBe('ConversationStarted MessageSent')
  })
  it('[B2] may still take back what was said', () => {
    expect(refusal({ type: 'RetractMessage' }, ...direct)).toBe('MessageRetracted')
  })
  it('[B2] does not bring the blocker into groups', () => {
    const start = { type: 'StartGroup', conversation: 'g', name: 'tea', memberLimit: 9, delivered: false }
    const retention = { mode: 'permanent' }
    expect(refusal({ ...start, retention, members: ['carol', 'bob'] })).toBe('blocked')
    expect(refusal({ ...start, retention, members: ['carol'] })).toBe('ConversationStarted')
    expect(refusal({ type: 'InviteMember', user: 'bob' }, started('group', 'ann'))).toBe('blocked')
    expect(refusal({ type: 'InviteMember', user: 'carol' }, started('group', 'ann'))).toBe('MemberJoined')
  })
  it('[B2] goes on in groups that both are in', () => {
    const group = [started('group', 'ann', 'bob'), said]
    expect(refusal({ type: 'SendMessage' }, ...group)).toBe('MessageSent')
    expect(refusal({ type: 'React', reaction: '👍', on: true }, ...group)).toBe('ReactionAdded')
    expect(refusal({ type: 'InviteMember', user: 'bob' }, ...group)).toBe('')
    expect(refusal({ type: 'RemoveMember', user: 'bob' }, ...group)).toBe('MemberRemoved')
  })
})
