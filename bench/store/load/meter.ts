// Counts, times and CPU time between two moments.
import { createHistogram } from 'node:perf_hooks'
import type { Figures } from '../figures.ts'
import { cpuTimeOf } from '../processes.ts'

export interface Meter {
  /** One more is done: it took so many ms. */
  took(ms: number): void
  /** So many more are done. */
  add(count: number): void
  /** What was counted since the start; `per` where the CPU time is to be shared among others than were counted. */
  stop(per?: number): Figures
}

/** Times are kept in µs, to three digits, in a histogram (HDR) of fixed size. */
export const startMeter = (serverPid: number | undefined): Meter => {
  const times = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 })
  const began = performance.now()
  const clientBefore = process.cpuUsage()
  const serverBefore = cpuTimeOf(serverPid)
  let done = 0
  return {
    took: ms => {
      done++
      times.record(Math.max(1, Math.round(ms * 1000)))
    },
    add: count => void (done += count),
    stop: (per = done) => {
      const seconds = (performance.now() - began) / 1000
      const client = process.cpuUsage(clientBefore)
      const server = cpuTimeOf(serverPid)
      const timed = times.count > 0
      return {
        rate: done / seconds,
        p50: timed ? times.percentile(50) / 1000 : undefined,
        p99: timed ? times.percentile(99) / 1000 : undefined,
        max: timed ? times.max / 1000 : undefined,
        clientCpu: (client.user + client.system) / per,
        serverCpu: server === undefined || serverBefore === undefined ? undefined : (server - serverBefore) / per,
      }
    },
  }
}

/** Keeps so many of a work under way until the time is over, the warm-up uncounted. `work` returns how many it did. */
export const measure = async (
  serverPid: number | undefined,
  { inFlight, warmUp, window }: Load,
  work: () => Promise<number>,
): Promise<Figures> => {
  let meter: Meter | undefined
  let over = false
  const worker = async (): Promise<void> => {
    while (!over) {
      const began = performance.now()
      const count = await work()
      if (!meter || over) continue
      meter.took(performance.now() - began)
      meter.add(count - 1)
    }
  }
  const workers = Promise.all(Array.from({ length: inFlight }, worker))
  const timing = (async () => {
    await pause(warmUp)
    meter = startMeter(serverPid)
    await pause(window)
    over = true
    return meter.stop()
  })()
  const [figures] = await Promise.all([timing, workers])
  return figures
}

/** `warmUp` and `window` in ms. */
export interface Load {
  inFlight: number
  warmUp: number
  window: number
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
