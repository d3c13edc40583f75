// What is counted and how it is told.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMetrics, Flights, Latencies, tally } from '../../src/metrics/index.ts'
import { readMetrics } from '../support/metrics.ts'

describe('metrics', () => {
  it('[H10] are text that reads back, each number as it was counted', async () => {
    const metrics = createMetrics()
    const counts = tally(['one', 'other'])
    const took = new Latencies()
    metrics.counter('counted_total', 'Counted', () => counts, 'what')
    metrics.gauge('level', 'So it is', () => 3)
    metrics.latencies('seconds', 'How long', took)
    counts.one += 2
    for (const ms of [0.5, 3, 250, 60_000]) took.add(ms)
    for (let again = 0; again < 2; again++) {
      const read = readMetrics(await metrics.text())
      expect(read.get('verbatim_counted_total{what="one"}')).toBe(2)
      expect(read.get('verbatim_counted_total{what="other"}')).toBe(0)
      expect(read.get('verbatim_level')).toBe(3)
      expect(read.get('verbatim_seconds_bucket{le="0.001"}')).toBe(1)
      expect(read.get('verbatim_seconds_bucket{le="0.005"}')).toBe(2)
      expect(read.get('verbatim_seconds_bucket{le="0.5"}')).toBe(3)
      expect(read.get('verbatim_seconds_bucket{le="+Inf"}')).toBe(4)
      expect(read.get('verbatim_seconds_count')).toBe(4)
      expect(read.get('verbatim_seconds_sum')).toBeCloseTo(60.2535)
    }
  })

  it('[H10] have the process’s own figures where they are asked for', async () => {
    const read = readMetrics(await createMetrics({ process: true }).text())
    expect(read.get('process_resident_memory_bytes')).toBeGreaterThan(0)
  })
})

describe('what is under way', () => {
  it('[H10] is counted, with the age of those that are not the oldest tenth, however it begins and ends', () => {
    const action = fc.oneof(fc.constant('begin' as const), fc.constant('end' as const), fc.nat(300))
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.infiniteStream(fc.nat()), (actions, picks) => {
        let now = 0
        const flights = new Flights(() => now)
        const open: number[] = []
        for (const what of actions) {
          if (typeof what === 'number') now += what
          else if (what === 'begin') open.push(flights.began())
          else if (open.length > 0) flights.ended(open.splice(picks.next().value! % open.length, 1)[0]!)
          expect(flights.count).toBe(open.length)
          const oldestFirst = open.toSorted((one, other) => one - other)
          const [oldest, typical] = [oldestFirst[0], oldestFirst[Math.floor(open.length / 10)]]
          for (const [age, since] of [
            [flights.oldest(), oldest],
            [flights.age(), typical],
          ] as const) {
            expect(age).toBeGreaterThanOrEqual(since === undefined ? 0 : now - since)
            expect(age).toBeLessThan(since === undefined ? 1 : now - since + 20)
          }
        }
      }),
    )
  })
})
