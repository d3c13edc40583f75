// One node per data folder: who holds it, and whether that process still lives.
import { readFileSync } from 'node:fs'

export interface Holder {
  pid: number
  /** The process's start in clock ticks since boot, as /proc tells it: a pid comes back, the pair does not. */
  startedAt: string | undefined
}

export const thisProcess = (): Holder => ({ pid: process.pid, startedAt: startOf(process.pid) })

/** Whether the process that wrote this is still there. A zombie is not: it has ended, whoever forgot to collect it. */
export const isAlive = ({ pid, startedAt }: Holder): boolean => {
  if (!exists(pid)) return false
  const stat = statOf(pid)
  // where /proc is not there to ask, a process of that number is taken for the holder
  if (stat === undefined) return true
  return !hasEnded(stat) && (startedAt === undefined || startTimeIn(stat) === startedAt)
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
  const stat = statOf(pid)
  return stat === undefined ? undefined : startTimeIn(stat)
}

const statOf = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
}

/** proc(5): from field 3 on; fields 1 and 2 are the pid and the command's name, in parentheses, which may hold anything. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')

/** Field 22, clock ticks since boot. */
export const startTimeIn = (stat: string): string | undefined => fieldsOf(stat).at(19)

/** Field 3: Z is a zombie, X is dead. */
export const hasEnded = (stat: string): boolean => /^[ZX]/.test(fieldsOf(stat).at(0) ?? '')
