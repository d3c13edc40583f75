// How much is too much: the level that follows from what is measured, look after look.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  atRest,
  next,
  reached,
  shedAt,
  sheddable,
  usualPace as pace,
  usualThresholds as thresholds,
  type Level,
  type Pressure,
  type Standing,
} from '../../src/gateway/load/levels.ts'

const none: Pressure = { loopMs: 0, waitMs: 0, outboxBytes: 0, line: 0, refused: 0 }
const lookMs = 100
const pressure = fc.record({
  loopMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  waitMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  outboxBytes: fc.integer({ min: 0, max: 300 * 1024 * 1024 }),
  line: fc.double({ min: 0, max: 1, noNaN: true }),
  refused: fc.integer({ min: 0, max: 3 }),
})
const level = fc.integer({ min: 0, max: 4 }).map(n => n as Level)

/** The levels after each look. */
function looks(pressures: readonly Pressure[], from: Standing = atRest): Level[] {
  let standing = from
  return pressures.map((one, n) => (standing = next(standing, one, n * lookMs, thresholds, pace)).level)
}
const times = (count: number, one: Pressure) => Array<Pressure>(count).fill(one)
const waiting = (waitMs: number) => ({ ...none, waitMs })

describe('the level', () => {
  it('[H1] rises after a short while, to what every look since has reached', () => {
    expect(looks([waiting(9_999), none, waiting(9_999), none])).toEqual([0, 0, 0, 0])
    expect(looks([waiting(9_999), waiting(400), waiting(9_999)])).toEqual([0, 0, 2])
    expect(looks(times(3, waiting(9_999)))).toEqual([0, 0, 4])
  })

  it('[H1] falls by one at a time, each after seconds of less', () => {
    const levels = looks(times(90, none), { level: 4 })
    const changes = levels.flatMap((one, n) => (one === (levels[n - 1] ?? 4) ? [] : [[n * lookMs, one]]))
    expect(changes).toEqual([
      [2_000, 3],
      [4_000, 2],
      [6_000, 1],
      [8_000, 0],
    ])
  })

  it('[H1] each pressure alone raises it, in the order of its thresholds', () => {
    for (const name of Object.keys(none) as (keyof Pressure)[])
      thresholds[name].forEach((threshold, n) => {
        if (threshold === Infinity) return
        expect(reached({ ...none, [name]: threshold }, thresholds)).toBeGreaterThanOrEqual(n + 1)
        expect(reached({ ...none, [name]: threshold * 0.99 }, thresholds)).toBeLessThanOrEqual(n)
      })
  })

  it('[H2] settles under a pressure that stays, and does not move again', () => {
    fc.assert(
      fc.property(pressure, level, (one, from) => {
        const levels = looks(times(200, one), { level: from })
        expect(new Set(levels.slice(-40)).size).toBe(1)
        const steps = levels.map((now, n) => Math.sign(now - (levels[n - 1] ?? from)))
        expect(steps.includes(1) && steps.includes(-1)).toBe(false)
      }),
    )
  })

  it('[H2] does not follow a pressure that goes up and down around what a level begins at', () => {
    const around = fc.array(fc.double({ min: 0.71, max: 0.99, noNaN: true }), { minLength: 50, maxLength: 50 })
    fc.assert(
      fc.property(fc.constantFrom(...([1, 2, 3, 4] as const)), around, (at, shares) => {
        const threshold = thresholds.waitMs[at - 1]!
        const above = at === 4 ? Infinity : thresholds.waitMs[at]
        const levels = looks(
          shares.map(share => waiting(Math.min(threshold * (share + 0.1), above * 0.99))),
          { level: at },
        )
        expect(new Set(levels)).toEqual(new Set([at]))
      }),
    )
  })

  it('[H2] under whatever comes, two falls are as far apart as the pace says, and each is by one', () => {
    fc.assert(
      fc.property(fc.array(pressure, { maxLength: 200 }), pressures => {
        const levels = looks(pressures)
        let fell = -Infinity
        levels.forEach((now, n) => {
          const before = levels[n - 1] ?? 0
          if (now >= before) return
          expect(before - now).toBe(1)
          expect(n * lookMs - fell).toBeGreaterThanOrEqual(pace.fallMs)
          fell = n * lookMs
        })
      }),
    )
  })

  it('[H3] what is shed at a level is shed at each higher one, presence first and messages last', () => {
    expect([0, 1, 2, 3, 4].map(at => shedAt(at as Level))).toEqual([
      [],
      ['presence'],
      ['presence', 'typing'],
      ['presence', 'typing', 'delivered', 'read'],
      [...sheddable],
    ])
  })
})
