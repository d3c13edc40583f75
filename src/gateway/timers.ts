// Time as the gateway needs it, passed in so that tests hold the clock.
import { performance } from 'node:perf_hooks'

export interface Timers {
  /** Milliseconds since 1970, by this box's clock. */
  now(): number
  /** Milliseconds since some moment, which only go forward. */
  elapsed(): number
  /** Runs once after so many milliseconds. Returns what stops it. */
  after(ms: number, run: () => void): () => void
}

/** setTimeout takes at most 2^31 − 1 ms (24.8 days); what is further away is waited for in steps. */
const furthest = 2 ** 31 - 1

export const realTimers: Timers = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, run) {
    let timer: NodeJS.Timeout
    const wait = (left: number): void => {
      timer = setTimeout(() => (left > furthest ? wait(left - furthest) : run()), Math.min(left, furthest))
      timer.unref() // what is only waited for keeps no process alive
    }
    wait(Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
