// The server process: wait until it is ready, stop it, and stop one that an earlier, killed run left behind.
import { readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lifeOf, processesIn, signal, stillLives } from './processes.ts'
import type { Program } from './launch.ts'

const LOOK_EVERY_MS = 20
const FAST_STOP_MS = 60_000
const HARD_STOP_MS = 10_000

/** postmaster.pid: a line each for process id, folder, start time, port, socket, address, shared memory, status. */
export function parsePidFile(text: string): { pid: number; ready: boolean } | undefined {
  const lines = text.split('\n')
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined
}

/**
 * Waits until the server takes connections or has ended. While it recovers after a crash that can take minutes; it is
 * told to `log` every ten seconds. The status is the server's own word in postmaster.pid, as pg_ctl reads it: a
 * connection could be answered by a stranger that took the port.
 */
export async function becomesReady(program: Program, data: string, log: (line: string) => void): Promise<boolean> {
  for (let looks = 1; program.running(); looks++) {
    const state = await pidFile(data)
    if (state?.pid === program.pid && state.ready) return true
    if ((looks * LOOK_EVERY_MS) % 10_000 === 0) log('PostgreSQL is still starting (after a crash it first recovers)')
    await Promise.race([program.ended, sleep(LOOK_EVERY_MS)])
  }
  return false
}

/** Fast shutdown: open transactions are rolled back, all is written. Only a server that hangs is ended the hard way. */
export async function stop(program: Program): Promise<void> {
  for (const [name, patience] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', HARD_STOP_MS],
    ['SIGKILL', HARD_STOP_MS],
  ] as const) {
    if (!program.running()) return
    signal(program.pid, name)
    const timer = new AbortController()
    await Promise.race([program.ended, sleep(patience, undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
  }
}

/**
 * Leaves nobody on the data folder. A postmaster whose parent was killed is stopped (its watcher has mostly done so
 * already); backends whose postmaster was killed are ended, as they would themselves at their next pause. Then a
 * postmaster.pid left over is deleted: its process id may by now be anyone's, and PostgreSQL would refuse to start.
 * To be called only by who holds the lock on the folder.
 */
export async function clearLeftovers(data: string, log: (line: string) => void): Promise<void> {
  const folder = await realpath(data).catch(() => undefined)
  if (folder === undefined) return
  const postmaster = (await pidFile(data))?.pid
  const left = await serversIn(folder, postmaster)
  if (postmaster !== undefined && left.includes(postmaster)) {
    log(`stopping the PostgreSQL that an earlier run left behind (process ${postmaster})`)
    await end(postmaster, 'SIGINT', FAST_STOP_MS)
  }
  for (const pid of await serversIn(folder, postmaster)) await end(pid, 'SIGQUIT', HARD_STOP_MS)
  for (const pid of await serversIn(folder, postmaster)) await end(pid, 'SIGKILL', HARD_STOP_MS)
  const stubborn = await serversIn(folder, postmaster)
  if (stubborn.length > 0) throw new Error(`processes ${stubborn.join(', ')} still use ${data}: end them first`)
  await rm(join(data, 'postmaster.pid'), { force: true })
}

/** Did a start fail because of another server on the data folder? PostgreSQL's own two safeguards against it say so. */
export function anotherWasThere(log: string): boolean {
  return /lock file "postmaster\.pid" already exists|pre-existing shared memory block .* is still in use/.test(log)
}

/** Without /proc only the postmaster of postmaster.pid can be told, by its command line. */
async function serversIn(folder: string, postmaster: number | undefined): Promise<number[]> {
  if (process.platform === 'linux') return processesIn(folder, 'postgres')
  if (postmaster === undefined || lifeOf(postmaster) === undefined) return []
  const { execFileSync } = await import('node:child_process')
  const command = execFileSync('ps', ['-o', 'command=', '-p', String(postmaster)], { encoding: 'utf8' })
  return command.includes('postgres') && command.includes(folder) ? [postmaster] : []
}

async function end(pid: number, name: NodeJS.Signals, patience: number): Promise<void> {
  const life = lifeOf(pid)
  if (life === undefined) return
  signal(pid, name)
  for (let waited = 0; waited < patience && stillLives(pid, life); waited += LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS)
}

const pidFile = (data: string): Promise<ReturnType<typeof parsePidFile>> =>
  readFile(join(data, 'postmaster.pid'), 'utf8').then(parsePidFile, () => undefined)
