// When the time of what was told is over.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Expiry } from '../../src/client/expiry.ts'

const start = Date.parse('2026-01-02T03:04:05.000Z')
const message = (id: string, inMs?: number) => ({
  ...{ conversation: 'c', seq: 1, id },
  ...(inMs === undefined ? {} : { expiresAt: new Date(start + inMs).toISOString() }),
})
const day = 24 * 60 * 60 * 1000

describe('the time of messages', () => {
  beforeEach(() => void vi.useFakeTimers({ now: start }))
  afterEach(() => void vi.useRealTimers())

  it('[X8] is told once when it is over, in the order in which it is, for those that have one', () => {
    const over: string[] = []
    const expiry = new Expiry(({ id }) => over.push(id))
    const ids = { later: 5_000, soon: 1_000, month: 30 * day, past: -1 }
    for (const [id, inMs] of Object.entries(ids)) expiry.note(message(id, inMs))
    expiry.note(message('permanent'))
    expiry.note(message('soon', 1_000))
    vi.advanceTimersByTime(999)
    expect(over).toEqual([])
    vi.advanceTimersByTime(1)
    expect(over).toEqual(['soon'])
    vi.advanceTimersByTime(4_000)
    expect(over).toEqual(['soon', 'later'])
    vi.advanceTimersByTime(30 * day)
    expect(over).toEqual(['soon', 'later', 'month'])
    expiry.stop()
  })

  it('[X8] is remembered of so many, those that end first', () => {
    const over: string[] = []
    const expiry = new Expiry(({ id }) => over.push(id))
    for (let n = 0; n <= 10_000; n++) expiry.note(message(`m${n}`, 20_000 - n))
    expiry.note(message('last', 30_000))
    vi.advanceTimersByTime(30_000)
    expect(over).toHaveLength(10_000)
    expect(over).not.toContain('m0')
    expect(over).not.toContain('last')
    expiry.stop()
  })
})
