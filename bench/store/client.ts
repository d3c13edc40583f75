// The client that loads the server: a process of its own, told by messages what to do, so that its CPU time is counted
// apart. A new one for each scenario: the official client keeps the appends under way of all its instances in one place.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Jobs, Setting } from './load/jobs.ts'
import type { Server } from './node.ts'

/** Runs one job in the client's process. */
export type Run = <K extends keyof Jobs>(job: K, ...given: Given<K>) => Promise<Awaited<ReturnType<Jobs[K]>>>
type Given<K extends keyof Jobs> = Jobs[K] extends (setting: Setting, ...given: infer G) => unknown ? G : never

export interface LoadClient {
  run: Run
  close(): Promise<void>
}

export type Answer = { result: unknown } | { error: string }

export const startClient = ({ url, pid }: Server): LoadClient => {
  const child = fork(fileURLToPath(new URL('./load/main.js', import.meta.url)), [url, String(pid ?? '')], {
    serialization: 'advanced', // positions are BigInts
  })
  const exited = once(child, 'exit')
  return {
    run: async (job, ...given) => {
      child.send({ job, given })
      const gone = exited.then(([code, signal]) => ({ error: `the client's process ended: ${String(code ?? signal)}` }))
      const answered = once(child, 'message').then(([answer]) => answer as Answer)
      const answer = await Promise.race([answered, gone])
      if ('error' in answer) throw new Error(answer.error)
      return answer.result as never
    },
    close: async () => {
      if (child.connected) child.disconnect() // it ends then
      await exited
    },
  }
}
