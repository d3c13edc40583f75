// One node per data folder: who holds it, and whether that process still lives.
import { readFileSync } from 'node:fs'

export interface Holder {
  pid: number
  /** The process's start in clock ticks since boot, as /proc tells it: a pid comes back, the pair does not. */
  startedAt: string | undefined
}

export const thisProcess = (): Holder => ({ pid: process.pid, startedAt: startOf(process.pid) })

/** Whether the process that wrote this is still there. */
export const isAlive = ({ pid, startedAt }: Holder): boolean => {
  if (!exists(pid)) return false
  const now = startOf(pid)
  // where /proc is not there to ask, a process of that number is taken for the holder
  return startedAt === undefined || now === undefined || now === startedAt
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const startOf = (pid: number): string | undefined => {
  try {
    return startTimeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

/** proc(5): field 22, counted behind the command's name, which stands in parentheses and may hold anything. */
export const startTimeIn = (stat: string): string | undefined =>
  stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19)
