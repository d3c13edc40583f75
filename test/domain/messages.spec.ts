// What may become of a message that was said.
import { describe, expect, it } from 'vitest'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { ConversationEvent, Retention, Role } from '../../src/domain/conversation/events.ts'
import type { Conversation } from '../../src/domain/conversation/state.ts'
import type { ConversationCommand } from '../../src/domain/conversation/commands.ts'
import { decide, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'

const at = '2026-01-02T03:04:05.678Z'
const started = (members: Record<string, Role>, kind: 'direct' | 'group' = 'group', retention?: Retention) =>
  ({
    type: 'ConversationStarted',
    data: {
      conversation: 'c',
      kind,
      name: null,
      members: Object.entries(members).map(([user, role]) => ({ user, role })),
      memberLimit: 10,
      delivered: false,
      retention: retention ?? { mode: 'permanent' },
      at,
    },
  }) as const
const group = started({ olga: 'owner', adam: 'admin', ann: 'member', bob: 'member' })
const said = (from: string, expiresAt?: string): ConversationEvent => ({
  type: 'MessageSent',
  id: 'm',
  revision: 7,
  data: { from, at, content: '{}', ...(expiresAt && { expiresAt }) },
})
const of = (from: string) => ({ message: 'm', messageSeq: 7, from, at })
const edited = (from: string, more = {}) => ({
  type: 'MessageEdited',
  id: 'e',
  data: { ...of(from), ...more, content: '{"text":"2"}' },
})
const retracted = (from: string): ConversationEvent => ({ type: 'MessageRetracted', id: 'r', data: of(from) })
const reacted = (from: string, reaction: string, on = true): ConversationEvent => ({
  type: on ? 'ReactionAdded' : 'ReactionRemoved',
  id: 'k',
  data: { ...of(from), reaction },
})
const joined = (user: string): ConversationEvent => ({
  type: 'MemberJoined',
  data: { user, role: 'member', invitedBy: 'olga', at },
})

const edit = (from: string, message = 'm') =>
  ({ type: 'EditMessage', id: 'e', message, from, content: '{"text":"2"}', at }) as const
const retract = (from: string) => ({ type: 'RetractMessage', id: 'r', message: 'm', from, at }) as const
const react = (from: string, reaction: string, on = true) =>
  ({ type: 'React', id: 'k', message: 'm', from, reaction, on, at }) as const
const reply = (from: string, replyTo: string) =>
  ({ type: 'SendMessage', id: 'a', from, content: '{}', replyTo, at }) as const

/** Decides with what is asked about loaded. */
function given(...events: ConversationEvent[]) {
  const asked: Conversation = { status: 'unknown', about: new Map([['m', null]]) }
  const now = fold(conversation, asked, events)
  return {
    when: (command: ConversationCommand) => {
      const decision = decide(conversation, command, now)
      return expect(isRefusal(decision) ? decision.refused : decision)
    },
  }
}

describe('a message', () => {
  it('[T1] is edited by its author alone', () => {
    given(group, said('ann'))
      .when(edit('ann'))
      .toEqual([edited('ann')])
    given(group, said('ann')).when(edit('olga')).toBe('not-allowed')
    given(group, said('ann')).when(edit('stranger')).toBe('unknown-conversation')
    given(group, said('ann')).when(edit('ann', 'other')).toBe('unknown-message')
    given(group).when(edit('ann')).toBe('unknown-message')
  })
  it('[T1] is retracted by its author, in a group also by owners and admins', () => {
    for (const who of ['ann', 'adam', 'olga'])
      given(group, said('ann'))
        .when(retract(who))
        .toEqual([retracted(who)])
    given(group, said('ann')).when(retract('bob')).toBe('not-allowed')
    given(group, said('ann'), retracted('ann')).when(retract('ann')).toEqual([])
    const direct = started({ ann: 'member', bob: 'member' }, 'direct')
    given(direct, said('ann')).when(retract('bob')).toBe('not-allowed')
  })
  it('[T1] that was retracted is neither edited nor reacted to; a reaction may still be taken away', () => {
    const past = [group, said('ann'), reacted('bob', '👍'), retracted('ann')]
    given(...past)
      .when(edit('ann'))
      .toBe('not-allowed')
    given(...past)
      .when(react('bob', '🎉'))
      .toBe('not-allowed')
    given(...past)
      .when(react('bob', '👍', false))
      .toEqual([reacted('bob', '👍', false)])
    given(...past)
      .when(react('bob', '👍'))
      .toBe('not-allowed')
  })
  it('[T1] whose time is over is as if it were not there', () => {
    given(group, said('ann', at)).when(edit('ann')).toBe('unknown-message')
    const later = '2026-01-02T03:04:05.679Z'
    given(group, said('ann', later))
      .when(edit('ann'))
      .toEqual([edited('ann', { expiresAt: later })])
  })
  it('[T3] has a reaction of one person once, until it is taken away', () => {
    given(group, said('ann'))
      .when(react('bob', '👍'))
      .toEqual([reacted('bob', '👍')])
    given(group, said('ann'), reacted('bob', '👍')).when(react('bob', '👍')).toEqual([])
    given(group, said('ann'), reacted('bob', '👍'))
      .when(react('bob', '🎉'))
      .toEqual([reacted('bob', '🎉')])
    given(group, said('ann'), reacted('adam', '👍'))
      .when(react('bob', '👍', false))
      .toEqual([])
    given(group, said('ann'), reacted('bob', '👍'), reacted('bob', '👍', false))
      .when(react('bob', '👍'))
      .toEqual([reacted('bob', '👍')])
  })
  it('[T3] has at most twenty reactions of one person', () => {
    const many = Array.from({ length: 20 }, (_, n) => reacted('bob', `${n}`))
    given(group, said('ann'), ...many)
      .when(react('bob', '👍'))
      .toBe('not-allowed')
    given(group, said('ann'), ...many)
      .when(react('adam', '👍'))
      .toEqual([reacted('adam', '👍')])
  })
  it('[T6] is answered, and reacted to, by those who may see it', () => {
    given(group, said('ann'), joined('late')).when(react('late', '👍')).toBe('unknown-message')
    given(group, said('ann'), joined('late')).when(reply('late', 'm')).toBe('unknown-message')
    given(group, said('ann'))
      .when(reply('bob', 'm'))
      .toMatchObject([{ type: 'MessageSent', id: 'a' }])
    given(group, said('ann')).when(reply('bob', 'nothing')).toBe('unknown-message')
    given()
      .when({ type: 'SendDirect', conversation: 'c', id: 'a', from: 'ann', to: 'bob', content: '{}', replyTo: 'm', at })
      .toBe('unknown-message')
  })
})
