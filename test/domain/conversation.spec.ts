// What may happen in a conversation: by example, and whatever is asked in whatever order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConversationCommand } from '../../src/domain/conversation/commands.ts'
import { conversation } from '../../src/domain/conversation/decider.ts'
import type { ConversationEvent } from '../../src/domain/conversation/events.ts'
import { decide, evolve, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { given } from '../support/given.ts'

const at = '2026-01-02T03:04:05.678Z'
const permanent = { mode: 'permanent' } as const

const group = (members: string[], memberLimit = 10): ConversationEvent => ({
  type: 'ConversationStarted',
  data: {
    conversation: 'g',
    kind: 'group',
    name: 'tea',
    members: members.map((user, index) => ({ user, role: index === 0 ? 'owner' : 'member' })),
    memberLimit,
    delivered: false,
    retention: permanent,
    at,
  },
})
const direct: ConversationEvent = {
  type: 'ConversationStarted',
  data: {
    conversation: 'd',
    kind: 'direct',
    name: null,
    members: [
      { user: 'alice', role: 'member' },
      { user: 'bob', role: 'member' },
    ],
    memberLimit: 2,
    delivered: true,
    retention: permanent,
    at,
  },
}
const joined = (user: string, invitedBy: string | null = 'alice'): ConversationEvent => ({
  type: 'MemberJoined',
  data: { user, role: 'member', invitedBy, at },
})
const left = (user: string): ConversationEvent => ({ type: 'MemberLeft', data: { user, at } })
const message = (from: string, id = 'm'): ConversationEvent => ({
  type: 'MessageSent',
  id,
  data: { from, at, content: '{}' },
})
const send = (from: string, id = 'm') => ({ type: 'SendMessage', id, from, content: '{}', at }) as const
const start = (members: string[], memberLimit = 10) =>
  ({
    type: 'StartGroup',
    conversation: 'g',
    name: 'tea',
    by: 'alice',
    members,
    memberLimit,
    delivered: false,
    retention: permanent,
    at,
  }) as const
const invite = (user: string, by: string) => ({ type: 'InviteMember', user, by, at }) as const
const leave = (user: string) => ({ type: 'RemoveMember', user, by: user, at }) as const
const sendDirect = (from: string, to: string) =>
  ({ type: 'SendDirect', conversation: 'd', id: 'm', from, to, content: '{}', at }) as const

describe('a direct chat', () => {
  it('[M1] begins with its first message, in one write', () => {
    given(conversation).when(sendDirect('bob', 'alice')).then(direct, message('bob'))
  })
  it('goes on with the next', () => {
    given(conversation, direct, message('bob')).when(sendDirect('alice', 'bob')).then(message('alice'))
  })
  it('has the two members it has', () => {
    given(conversation, direct).when(invite('carol', 'alice')).thenRefused('not-allowed')
    given(conversation, direct).when(leave('alice')).thenRefused('not-allowed')
  })
  it('is not known to anybody else', () => {
    given(conversation, direct).when(send('carol')).thenRefused('unknown-conversation')
  })
})

describe('a group', () => {
  it('is started by its owner, who is a member', () => {
    given(conversation)
      .when(start(['bob', 'alice', 'bob']))
      .then(group(['alice', 'bob']))
  })
  it('is started once', () => {
    given(conversation, group(['alice']))
      .when(start([]))
      .thenNothing() // asked again by who started it
    given(conversation, group(['bob']))
      .when(start([]))
      .thenRefused('conversation-exists')
  })
  it('[J1] never has more members than its limit', () => {
    given(conversation)
      .when(start(['bob', 'carol'], 2))
      .thenRefused('group-is-full')
    given(conversation, group(['alice', 'bob'], 2))
      .when(invite('carol', 'alice'))
      .thenRefused('group-is-full')
  })
  it('[J2] lets somebody in once, however often it is asked', () => {
    given(conversation, group(['alice']))
      .when(invite('bob', 'alice'))
      .then(joined('bob'))
    given(conversation, group(['alice']), joined('bob'))
      .when(invite('bob', 'alice'))
      .thenNothing()
  })
  it('lets owners and admins add members, and no one else', () => {
    given(conversation, group(['alice', 'bob']))
      .when(invite('carol', 'bob'))
      .thenRefused('not-allowed')
    given(conversation, group(['alice']))
      .when(invite('carol', 'mallory'))
      .thenRefused('unknown-conversation')
  })
  it('[J3] can be left and entered again', () => {
    const history = [group(['alice', 'bob']), left('bob')]
    given(conversation, group(['alice', 'bob']))
      .when(leave('bob'))
      .then(left('bob'))
    given(conversation, ...history)
      .when(leave('bob'))
      .thenNothing()
    given(conversation, ...history)
      .when(send('bob'))
      .thenRefused('not-a-member')
    given(conversation, ...history, joined('bob'))
      .when(send('bob'))
      .then(message('bob'))
  })
  it('[J4] does not tell strangers that it exists', () => {
    given(conversation).when(send('bob')).thenRefused('unknown-conversation')
    given(conversation, group(['alice']))
      .when(send('bob'))
      .thenRefused('unknown-conversation')
    given(conversation, group(['alice']))
      .when(leave('bob'))
      .thenRefused('unknown-conversation')
  })
})

describe('an imported history', () => {
  const history = (upToLine: number, ...lines: [number, string, 'joined' | 'left' | 'said'][]) =>
    ({
      type: 'ImportHistory',
      source: 'day.txt',
      upToLine,
      at,
      entries: lines.map(([line, user, what]) =>
        what === 'said' ? { line, at, user, what, id: `m${line}`, content: '{}' } : { line, at, user, what },
      ),
    }) as const
  const imported = (fromLine: number, upToLine: number, memberLimit = 10): ConversationEvent => ({
    type: 'HistoryImported',
    data: { source: 'day.txt', fromLine, upToLine, memberLimit, at },
  })

  it('lets in who speaks without having joined', () => {
    given(conversation, group([]))
      .when(history(2, [1, 'ann', 'said'], [2, 'ann', 'left']))
      .then(joined('ann', null), message('ann', 'm1'), left('ann'), imported(1, 2))
  })
  it('[I1] takes each line of a source once', () => {
    const past = [group([]), joined('ann', null), message('ann', 'm1'), imported(1, 2)]
    given(conversation, ...past)
      .when(history(2, [1, 'ann', 'said'], [2, 'ann', 'left']))
      .thenNothing()
    given(conversation, ...past)
      .when(history(3, [1, 'ann', 'said'], [2, 'ann', 'left'], [3, 'ann', 'left']))
      .then(left('ann'), imported(3, 3))
  })
  it('[I2] raises the member limit to what the history needs', () => {
    given(conversation, group([], 1))
      .when(history(3, [1, 'ann', 'joined'], [2, 'bob', 'joined'], [3, 'ann', 'left']))
      .then(joined('ann', null), joined('bob', null), left('ann'), imported(1, 3, 2))
  })
  it('needs a group that is there', () => {
    given(conversation)
      .when(history(1, [1, 'ann', 'said']))
      .thenRefused('unknown-conversation')
    given(conversation, direct)
      .when(history(1, [1, 'ann', 'said']))
      .thenRefused('not-allowed')
  })
})

describe('whatever is asked, in whatever order', () => {
  const user = fc.constantFrom('alice', 'bob', 'carol', 'dave')
  const id = fc.uuid()
  const command: fc.Arbitrary<ConversationCommand> = fc.oneof(
    fc.array(user).map(members => start(members, 3)),
    fc.tuple(user, user).map(([who, by]) => invite(who, by)),
    user.map(leave),
    fc.tuple(user, id).map(([from, message]) => send(from, message)),
    fc.tuple(user, fc.nat(5)).map(([who, line]): ConversationCommand => ({
      type: 'ImportHistory',
      source: 's',
      upToLine: line,
      entries: [{ line, at, user: who, what: 'said', id: `i${line}`, content: '{}' }],
      at,
    })),
  )
  const run = (commands: ConversationCommand[]) => {
    const log: ConversationEvent[] = []
    let now = conversation.initial
    for (const each of commands) {
      const decision = decide(conversation, each, now)
      if (isRefusal(decision)) continue
      log.push(...decision)
      now = fold(conversation, now, decision)
    }
    return { log, now }
  }

  it('members stay within the limit, and only members speak', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), commands => {
        let now = conversation.initial
        for (const event of run(commands).log) {
          if (event.type === 'MessageSent') expect(now.status === 'open' && now.members.has(event.data.from)).toBe(true)
          now = evolve(conversation, now, event)
          if (now.status === 'open' && event.type === 'HistoryImported')
            expect(now.members.size).toBeLessThanOrEqual(now.memberLimit)
        }
      }),
    )
  })
  it('saying it twice is saying it once, but for messages, whose ids the writer knows', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), command, (commands, last) => {
        fc.pre(last.type !== 'SendMessage')
        const { now } = run(commands)
        const first = decide(conversation, last, now)
        if (isRefusal(first)) return
        const again = decide(conversation, last, fold(conversation, now, first))
        expect(again).toEqual([])
      }),
    )
  })
})
