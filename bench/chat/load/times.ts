// How long things took: an HdrHistogram, in µs, to three digits.
import { build } from 'hdr-histogram-js'
import type { Latency } from '../measure.ts'

export interface Times {
  took(ms: number): void
  reset(): void
  /** Undefined where nothing was timed. */
  latency(): Latency | undefined
}

export const createTimes = (): Times => {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  })
  // a bucket's upper end may be more than anything in it
  const at = (percentile: number) => Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000
  return {
    took: ms => histogram.recordValue(Math.max(1, Math.round(ms * 1000))),
    reset: () => histogram.reset(),
    latency: () =>
      histogram.totalCount === 0
        ? undefined
        : {
            ...{ p50: at(50), p90: at(90), p99: at(99), p999: at(99.9) },
            ...{ max: histogram.maxValue / 1000, count: histogram.totalCount },
          },
  }
}
