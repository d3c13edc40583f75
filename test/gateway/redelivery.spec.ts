// When what waits is pushed again, with a clock that is told the time.
import { describe, expect, it } from 'vitest'
import { gapAfter, Overdue } from '../../src/gateway/socket/overdue.ts'
import { Unacknowledged } from '../../src/gateway/socket/unacknowledged.ts'
import { conversation, ear, sent } from './given.ts'

const policy = { attempts: 3, backoffMs: 1_000 }

function talk(...users: string[]) {
  const acknowledged = new Map<string, number>()
  const people = users.map(user => ({ user, receivers: new Set([ear(user, user)]) }))
  const fresh = new Unacknowledged({
    hasRoom: () => true,
    room: () => people,
    acknowledged: (_, user) => acknowledged.get(user) ?? -1,
  })
  return { fresh, acknowledged }
}

describe('what was pushed', () => {
  it('[D5] is suspect after a gap to who has not acknowledged it, and never to its author', () => {
    const { fresh, acknowledged } = talk('alice', 'bob')
    fresh.take([sent('alice', { position: 100, seq: 1 })], 0)
    expect(fresh.suspects(999, 1_000)).toEqual([])
    expect(fresh.suspects(1_000, 1_000)).toEqual([{ user: 'bob', conversation, upTo: 1 }])
    expect(fresh.empty).toBe(true)
    fresh.take([sent('alice', { position: 200, seq: 2 }), sent('bob', { position: 300, seq: 3 })], 2_000)
    acknowledged.set('bob', 2)
    expect(fresh.suspects(3_000, 1_000)).toEqual([])
    expect(fresh.suspects(4_000, 1_000)).toEqual([{ user: 'alice', conversation, upTo: 3 }])
  })
  it('[D5] is nobody’s concern where everything is acknowledged within a gap, however much is said', () => {
    const { fresh, acknowledged } = talk('alice', 'bob')
    for (let seq = 1; seq <= 100; seq++) {
      fresh.take([sent('alice', { position: seq * 100, seq })], seq * 100)
      if (seq > 1) acknowledged.set('bob', seq - 1)
      expect(fresh.suspects(seq * 100, 1_000)).toEqual([])
    }
  })
})

describe('what is overdue', () => {
  const messages = [{ seq: 1 }, { seq: 2 }]
  it('[D6] is pushed again with gaps that double up to a minute, and given up after its attempts', () => {
    expect([1, 2, 3, 6, 7, 19].map(pushes => gapAfter(pushes, policy))).toEqual([1e3, 2e3, 4e3, 32e3, 60e3, 60e3])
    const one = new Overdue('bob', conversation, policy)
    one.due(1)
    expect(one.look(messages, 1_000)).toEqual({ again: [{ seq: 1 }], giveUp: [] }) // 2 is too young
    one.pushed([{ seq: 1 }], 1_000)
    expect(one.nextAt).toBe(3_000)
    expect(one.look(messages, 2_999)).toEqual({ again: [], giveUp: [] })
    expect(one.look(messages, 3_000).again).toEqual([{ seq: 1 }])
    one.pushed([{ seq: 1 }], 3_000)
    expect(one.look(messages, 7_000)).toEqual({ again: [], giveUp: [{ message: { seq: 1 }, pushes: 3 }] })
    one.givenUp(1, true)
    expect(one.look(messages, 99_000)).toEqual({ again: [], giveUp: [] })
  })
  it('[D6] is forgotten when it does not wait any more', () => {
    const one = new Overdue('bob', conversation, policy)
    one.due(2)
    one.look(messages, 0)
    one.look([], 1)
    expect(one.empty).toBe(true)
  })
  it('[D7] what a session is told as it comes counts as pushed', () => {
    const one = new Overdue('bob', conversation, policy)
    one.due(1)
    one.look(messages, 0)
    one.pushed([{ seq: 1 }], 0)
    one.told(500)
    expect(one.look(messages, 4_499)).toEqual({ again: [], giveUp: [] })
    expect(one.look(messages, 4_500).giveUp).toEqual([{ message: { seq: 1 }, pushes: 3 }])
  })
})
