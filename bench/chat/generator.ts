// The generator: a process of its own, told by messages what to do, so that its CPU time is counted apart. A new one for each
// round: nothing of an earlier one is in its heap.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job, Jobs, Setting } from './load/jobs.ts'

type Given<K extends Job> = Parameters<Jobs[K]> extends [Setting, ...infer G] ? G : never
/** Runs one job in the generator's process. */
export type Run = <K extends Job>(job: K, ...given: Given<K>) => Promise<Awaited<ReturnType<Jobs[K]>>>

export interface Generator {
  run: Run
  close(): Promise<void>
}

export type Answer = { result: unknown } | { error: string }

export const startGenerator = (setting: Setting): Generator => {
  const child = fork(fileURLToPath(new URL('./load/main.js', import.meta.url)), [JSON.stringify(setting)], {
    serialization: 'advanced', // undefined stays undefined
  })
  const exited = once(child, 'exit')
  return {
    run: async (job, ...given) => {
      child.send({ job, given })
      const gone = exited.then(([code, signal]) => ({ error: `the generator ended: ${String(code ?? signal)}` }))
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
