// How late an event loop is, from what Node's monitor says: the time from one of its timers to the next, which is the timer's own
// time and what it was late.

/** Of the monitor's timer, in ms. */
export const RESOLUTION = 10

/** ns between two timers → ms late. */
export const latenessOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION)

/** In ms. */
export interface Lateness {
  p99: number
  longest: number
}

/** Of a monitor, since it was reset; the longest of nothing is none. */
export const latenessIn = (delay: { percentile(percentile: number): number; readonly max: number }): Lateness => ({
  p99: latenessOf(delay.percentile(99)),
  longest: latenessOf(delay.max),
})
