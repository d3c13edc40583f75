// The processes of a server and what each has used, as /proc of Linux tells it; elsewhere nobody is asked.
import { readFileSync, readdirSync } from 'node:fs'
import type { ByPart, Part } from './measure.ts'

/** Seconds in one clock tick of /proc, wherever Node runs. */
const TICK = 0.01

export interface Stat {
  parent: number
  name: string
  /** Seconds, in user and in system mode, with those of children that have ended and were waited for. */
  cpu: number
}

/** proc(5): the name stands in brackets and may have any character; the fields after it are counted from 3. */
export const readStat = (text: string): Stat => {
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + Number(fields[number - 3]), 0)
  return { parent: Number(fields[1]), name: text.slice(text.indexOf('(') + 1, end), cpu: ticks * TICK }
}

/** Which part a process is, by its command line. */
export const partOf = ({ name }: Pick<Stat, 'name'>, command: string): Part =>
  /embedded\/main\.[jt]s|eventstored?|kurrentd?/i.test(command)
    ? 'store'
    : /^postgres/.test(name)
      ? 'Postgres'
      : 'server'

const told = (pid: number | string, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined // it has ended, or is somebody else's
  }
}

interface Process {
  pid: number
  stat: Stat
}

/** These processes and all below them. */
const tree = (roots: readonly number[]): Process[] => {
  if (process.platform !== 'linux' || roots.length === 0) return []
  const all = readdirSync('/proc').flatMap(name => {
    const text = /^\d+$/.test(name) ? told(name, 'stat') : undefined
    return text === undefined ? [] : [{ pid: Number(name), stat: readStat(text) }]
  })
  const found = new Map<number, Process>()
  const take = (one: Process): void => {
    if (found.has(one.pid)) return
    found.set(one.pid, one)
    for (const child of all) if (child.stat.parent === one.pid) take(child)
  }
  for (const one of all) if (roots.includes(one.pid)) take(one)
  return [...found.values()]
}

const summed = (roots: readonly number[], of: (process: Process) => number | undefined): ByPart => {
  const sums: ByPart = {}
  for (const one of tree(roots)) {
    const part = partOf(one.stat, told(one.pid, 'cmdline') ?? '')
    const value = of(one)
    if (value !== undefined) sums[part] = (sums[part] ?? 0) + value
  }
  return sums
}

/** CPU seconds so far. A child that ends in between is in its parent's afterwards. */
export const cpuOf = (roots: readonly number[]): ByPart => summed(roots, ({ stat }) => stat.cpu)

const pssOf = (pid: number | 'self'): number | undefined => {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(told(pid, 'smaps_rollup') ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}

/** Proportional set sizes, in MB. */
export const memoryOf = (roots: readonly number[]): ByPart => summed(roots, ({ pid }) => pssOf(pid))

export const ownMemory = (): number | undefined => pssOf('self')
