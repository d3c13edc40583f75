// One process per data folder. Each process that wants the folder lays down a file that names it, lock.PID.LIFE, and
// then looks who else is there; if anyone else lives it takes its file away again and gives up.
//
// Why not one file called `lock`: taking over the stale one of a killed process is "look, delete, create", and between
// the steps of two who do so at once both can win. Here a stale file bears the name of a life that is over and never
// comes back, so that anyone may delete it at any time. Two who start in the same instant may both give up, never both
// win. Does not see processes of another container or machine: one data folder belongs to one of them.
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lifeOf, stillLives } from './processes.ts'

export interface Lock {
  release: () => Promise<void>
}

/** Takes `dir` for this process. Throws when a live process, or this one, has it already. */
export async function takeLock(dir: string): Promise<Lock> {
  const mine = lockName(process.pid, lifeOf(process.pid) ?? 'unknown')
  const path = join(dir, mine)
  await layDown(path, dir)
  for (const name of await readdir(dir)) {
    const claim = parseLockName(name)
    if (!claim || name === mine) continue
    if (stillLives(claim.pid, claim.life)) {
      await rm(path, { force: true })
      throw new Error(
        `${dir} is in use by process ${claim.pid}: stop that one, or choose another data folder ` +
          `(if ${claim.pid} is something else, delete ${join(dir, name)})`,
      )
    }
    await rm(join(dir, name), { force: true })
  }
  return { release: () => rm(path, { force: true }) }
}

export const lockName = (pid: number, life: string): string => `lock.${pid}.${life}`

export function parseLockName(name: string): { pid: number; life: string } | undefined {
  const [, pid, life] = /^lock\.(\d+)\.([\w-]+)$/.exec(name) ?? []
  return pid && life ? { pid: Number(pid), life } : undefined
}

async function layDown(path: string, dir: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EEXIST') throw new Error(`${dir} is in use by this very process: close what it started there first`)
    throw new Error(`cannot write in ${dir} (${code}): give this user the folder, or choose another data folder`)
  }
}
