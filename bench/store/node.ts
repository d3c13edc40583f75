// The server that is measured: a node of the benchmark's own, as a child process, or one that others run.
import { startEventStoreProcess } from '../../src/embedded/index.ts'

export interface Server {
  url: string
  /** Where it is known, which it is of a node of our own. */
  pid: number | undefined
  close(): Promise<void>
}

export interface Node extends Server {
  pid: number
  /** ms from the start of its process to its word that it is ready. */
  opened: number
  /** As if the power went, but for what the system has in memory. */
  kill(): Promise<void>
}

export const startNode = async (dir: string): Promise<Node> => {
  const began = performance.now()
  const child = await startEventStoreProcess({ dir, onExit: reason => process.stderr.write(`${reason}\n`) })
  return {
    ...child,
    opened: performance.now() - began,
    kill: async () => {
      process.kill(child.pid, 'SIGKILL')
      await child.close()
    },
  }
}

export const serverOfOthers = (url: string): Server => ({ url, pid: undefined, close: () => Promise.resolve() })
