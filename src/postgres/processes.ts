// Whether a process is there, and when it began: a process id alone is not an identity, because ids are used again.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const UNKNOWN = 'unknown'

/**
 * Names the life of process `pid`: this boot of the machine and the clock tick at which the process started.
 * `undefined` when nothing lives there (a zombie has ended, whoever forgot to collect it); `'unknown'` when something
 * does but the system does not tell since when (no /proc, or one that hides other users' processes).
 */
export function lifeOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return answersSignals(pid) ? UNKNOWN : undefined
  const start = startTick(stat)
  return start && `${boot()}-${start}`
}

/** Field 22 of proc_pid_stat(5); `undefined` for what has ended. Field 2, a name, may hold blanks and brackets. */
export function startTick(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return /^[ZX]/.test(fields[0] ?? 'X') ? undefined : fields[19]
}

/** Is the process that was once seen as `life` still the one that has this `pid`? In doubt: yes. */
export function stillLives(pid: number, life: string): boolean {
  const now = lifeOf(pid)
  return now !== undefined && (now === life || now === UNKNOWN || life === UNKNOWN)
}

/** The live processes called `name` whose working folder is `folder` (a real path). Linux only; elsewhere none. */
export function processesIn(folder: string, name: string): number[] {
  return list('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .filter(pid => workingFolder(pid) === folder && read(`/proc/${pid}/comm`)?.trim() === name)
    .map(Number)
    .filter(pid => lifeOf(pid) !== undefined)
}

/** Sends a signal; false when the process has gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // someone else's, but there
  }
}

const boot = (): string => read('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? 'boot'
const workingFolder = (pid: string): string | undefined => tried(() => readlinkSync(`/proc/${pid}/cwd`))
const read = (path: string): string | undefined => tried(() => readFileSync(path, 'utf8'))
const list = (path: string): string[] => tried(() => readdirSync(path)) ?? []

function tried<T>(what: () => T): T | undefined {
  try {
    return what()
  } catch {
    return undefined
  }
}
