// For how long one position has been lacking what another has.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { watchBehind } from '../../src/metrics/index.ts'

describe('how long something is behind', () => {
  it('[O9] is since when it lacks the oldest of what it lacks, and nothing where it lacks nothing', () => {
    const step = fc.oneof(
      fc.record({ ahead: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ caughtUp: fc.integer({ min: 1, max: 80 }) }),
      fc.record({ passes: fc.nat(10_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const now = { ahead: 10, position: 10, time: 0 }
        /** Of each position, since when it is there. */
        const since = new Map<number, number>()
        const behind = watchBehind(
          () => now.ahead,
          () => now.position,
          () => now.time,
        )
        for (const one of steps) {
          if ('ahead' in one) since.set((now.ahead += one.ahead), now.time)
          else if ('caughtUp' in one) now.position = Math.min(now.ahead, now.position + one.caughtUp)
          else now.time += one.passes
          const oldest = [...since].find(([position]) => position > now.position)?.[1]
          expect(behind.ms()).toBe(oldest === undefined ? 0 : now.time - oldest)
        }
        behind.stop()
      }),
    )
  })
})
