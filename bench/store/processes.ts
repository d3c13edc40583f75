// What the system knows of a process: its CPU time and its memory. Linux says it in /proc; elsewhere nobody is asked.
import { readFileSync } from 'node:fs'

const fileOf = (pid: number | undefined, file: string): string | undefined => {
  if (pid === undefined || process.platform !== 'linux') return undefined
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

/** The clock ticks of /proc: a hundredth of a second wherever Node runs. */
const TICK = 10_000

/** CPU time in µs, of all threads, in user and in system mode. */
export const cpuTimeOf = (pid: number | undefined): number | undefined => {
  const stat = fileOf(pid, 'stat')
  // the command's name stands in brackets and may have spaces; user and system time are fields 14 and 15 of all
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK
}

/** Resident memory in MB: pages of mapped files that are in memory count too. */
export const memoryOf = (pid: number | undefined): number | undefined => {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(fileOf(pid, 'status') ?? '')?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
}
