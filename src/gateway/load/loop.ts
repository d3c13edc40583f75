// Measures the event loop: how late its timers ring.
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the monitor's timer rings (milliseconds); what it takes longer is delay. */
const resolution = 10

export interface LoopDelay {
  /** The average since the last look (milliseconds). */
  look(): number
  stop(): void
}

export function watchLoop(): LoopDelay {
  const delays = monitorEventLoopDelay({ resolution })
  delays.enable()
  return {
    look() {
      const mean = delays.mean / 1e6
      delays.reset()
      return Number.isNaN(mean) ? 0 : Math.max(0, mean - resolution)
    },
    stop: () => void delays.disable(),
  }
}
