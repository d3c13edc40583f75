// The time as the log has it.
import { describe, expect, it } from 'vitest'
import { wallClock } from '../../src/app/clock.ts'

describe('the clock', () => {
  it('tells each millisecond as it is, forwards and backwards', () => {
    let ms = Date.parse('2026-01-02T03:04:05.678Z')
    const now = wallClock(() => ms)
    expect([now(), now()]).toEqual(['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'])
    ms += 1
    expect(now()).toBe('2026-01-02T03:04:05.679Z')
    ms -= 60_000
    expect(now()).toBe('2026-01-02T03:03:05.679Z')
  })
})
