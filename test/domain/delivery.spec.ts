// When a message is given up on, and when not.
import { describe, it } from 'vitest'
import type { ConversationCommand, FailDelivery } from '../../src/domain/conversation/commands.ts'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { Conversation } from '../../src/domain/conversation/state.ts'
import type { ConversationEvent } from '../../src/domain/index.ts'
import { given as givenEvents } from '../support/given.ts'

const at = '2026-01-02T03:04:05.006Z'
const late = '2026-02-02T03:04:05.006Z'
const asked = { ...conversation, initial: { status: 'unknown', about: new Map([['m', null]]) } as Conversation }
const given = (...events: ConversationEvent[]) =>
  givenEvents<Conversation, ConversationCommand, ConversationEvent>(asked, ...events)

const started = (delivered = true): ConversationEvent => ({
  type: 'ConversationStarted',
  data: {
    ...{
      conversation: 'c',
      kind: 'group',
      name: 'tea',
      memberLimit: 9,
      delivered,
      retention: { mode: 'permanent' },
      at,
    },
    members: ['alice', 'bob', 'carol'].map(user => ({ user, role: 'member' as const })),
  },
})
const said = (expiresAt?: string): ConversationEvent => ({
  type: 'MessageSent',
  id: 'm',
  revision: 1,
  data: { from: 'alice', at, content: '{}', ...(expiresAt && { expiresAt }) },
})
const failed = (to: string): ConversationEvent => ({
  type: 'DeliveryFailed',
  data: { message: 'm', messageSeq: 1, from: 'alice', to, reason: 'not-acknowledged', attempts: 20, at: late },
})
const fail = (more: Partial<FailDelivery> = {}): FailDelivery => ({
  ...{ type: 'FailDelivery', message: 'm', from: 'bob', acknowledged: 0, reason: 'not-acknowledged', attempts: 20 },
  at: late,
  ...more,
})

describe('a message that is not acknowledged', () => {
  it('[D1] is given up once for each member', () => {
    given(started(), said()).when(fail()).then(failed('bob'))
    given(started(), said(), failed('bob')).when(fail()).thenNothing()
    given(started(), said(), failed('bob'))
      .when(fail({ reason: 'too-old', attempts: 0 }))
      .thenNothing()
    given(started(), said(), failed('bob'))
      .when(fail({ from: 'carol' }))
      .then(failed('carol'))
  })
  it('[D2] is not given up where it was acknowledged meanwhile', () => {
    given(started(), said())
      .when(fail({ acknowledged: 1 }))
      .thenNothing()
  })
  it('[D3] is not given up for its author, for strangers, or for who is not in any more', () => {
    given(started(), said())
      .when(fail({ from: 'alice' }))
      .thenNothing()
    given(started(), said())
      .when(fail({ from: 'eve' }))
      .thenNothing()
    const left: ConversationEvent = { type: 'MemberLeft', data: { user: 'bob', at } }
    given(started(), said(), left).when(fail()).thenNothing()
    const joined: ConversationEvent = {
      type: 'MemberJoined',
      data: { user: 'dave', role: 'member', invitedBy: null, at },
    }
    given(started(), said(), joined)
      .when(fail({ from: 'dave' }))
      .thenNothing()
    given().when(fail()).thenNothing()
  })
  it('[D4] is not given up where nothing is left to deliver, or no delivered marks are kept', () => {
    const taken: ConversationEvent = {
      type: 'MessageRetracted',
      id: 'r',
      data: { message: 'm', messageSeq: 1, from: 'alice', at },
    }
    given(started(), said(), taken).when(fail()).thenNothing()
    given(started(), said(late)).when(fail()).thenNothing()
    given(started(false), said()).when(fail()).thenNothing()
  })
})
