// What is used between two moments: time, CPU time, and how late event loops were.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { connect } from 'node:net'
import { RESOLUTION, latenessIn, type Lateness } from '../lateness.ts'
import { PARTS } from '../measure.ts'
import type { ByPart, Measure } from '../measure.ts'
import { cpuOf, memoryOf, ownMemory } from '../processes.ts'
import type { Target } from '../server.ts'

export interface Used extends Pick<Measure, 'cpu' | 'delay' | 'longest' | 'memory'> {
  seconds: number
}

export interface Meter {
  /** `count`: of what CPU time is told by the thousand. */
  stop(count: () => number): Promise<Used>
}

const ownCpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export const startMeter = async ({ pids, probe }: Target): Promise<Meter> => {
  await askProbe(probe, 'reset')
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  const before: ByPart = { ...cpuOf(pids), generator: ownCpu() }
  const began = performance.now()
  return {
    stop: async count => {
      const seconds = (performance.now() - began) / 1000
      const done = count()
      const after: ByPart = { ...cpuOf(pids), generator: ownCpu() }
      const cpu: ByPart = {}
      for (const part of PARTS)
        if (after[part] !== undefined && done > 0) cpu[part] = ((after[part] - (before[part] ?? 0)) * 1000) / done
      delay.disable()
      const own = latenessIn(delay)
      const server = await askProbe(probe, 'tell')
      const each = (of: keyof Lateness): ByPart => ({
        ...(server === undefined ? {} : { server: server[of] }),
        generator: own[of],
      })
      return { seconds, cpu, delay: each('p99'), longest: each('longest'), memory: memoryNow(pids) }
    },
  }
}

/** Looks at each page of each process: not while something is measured. */
export const memoryNow = (pids: readonly number[]): ByPart => {
  const own = ownMemory()
  return { ...memoryOf(pids), ...(own === undefined ? {} : { generator: own }) }
}

const askProbe = (path: string | undefined, word: 'reset' | 'tell'): Promise<Lateness | undefined> =>
  path === undefined
    ? Promise.resolve(undefined)
    : new Promise((resolve, reject) => {
        const socket = connect(path, () => socket.write(word))
        socket.on('error', reject).once('data', told => {
          socket.destroy()
          resolve(JSON.parse(String(told)) as Lateness)
        })
      })
