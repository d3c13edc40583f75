// A history as what is to happen again, and when.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pace, script } from '../../src/cli/replay/script.ts'
import type { AuditedEvent } from '../../src/client/index.ts'

const event = (type: string, data: Record<string, unknown>, body?: Record<string, unknown>): AuditedEvent => ({
  ...{ position: '1', stream: 's', revision: 0, id: 'i', type, data, metadata: {} },
  ...(body ? { body } : {}),
})
const at = (minute: number) => new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString()

describe('the script of a replay', () => {
  it('has who was there, who came and went, and what was said', () => {
    const { name, acts, gone } = script([
      event('ConversationStarted', { name: '#c', members: [{ user: 'ada' }], at: at(0) }),
      event('MemberJoined', { user: 'bob', at: at(1) }),
      event('MessagesRead', { by: 'bob', at: at(1) }),
      event('MessageSent', { from: 'bob', at: at(2) }, { text: 'hi' }),
      event('MessageSent', { from: 'bob', at: at(2) }),
      event('MemberLeft', { user: 'bob', at: at(3) }),
    ])
    expect(acts).toEqual([
      { what: 'joined', user: 'ada', at: at(0) },
      { what: 'joined', user: 'bob', at: at(1) },
      { what: 'said', user: 'bob', at: at(2), body: { text: 'hi' } },
      { what: 'left', user: 'bob', at: at(3) },
    ])
    expect(gone).toBe(1)
    expect(name).toBe('#c')
  })

  it('can be one day’s only', () => {
    const events = ['2024-01-01', '2024-01-02'].map(day =>
      event('MemberJoined', { user: day, at: `${day}T00:00:00.000Z` }),
    )
    expect(script(events, '2024-01-02').acts.map(({ user }) => user)).toEqual(['2024-01-02'])
  })
})

describe('the pace of a replay', () => {
  it('is so many times the original, gaps and all', () => {
    expect(pace([at(0), at(10), at(600)], 60)).toEqual([0, 10_000, 600_000])
  })

  it('spreads what has the same minute until the next one', () => {
    expect(pace([at(0), at(0), at(0), at(1), at(1), at(9)], 1)).toEqual([0, 20_000, 40_000, 60_000, 90_000, 540_000])
  })

  it('never goes back, and with speed 0 waits for nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500)), fc.integer({ min: 1, max: 1000 }), (minutes, speed) => {
        const due = pace(minutes.map(at), speed)
        expect(due).toEqual([...due].sort((a, b) => a - b))
        expect(pace(minutes.map(at), 0).every(ms => ms === 0)).toBe(true)
      }),
    )
  })
})
