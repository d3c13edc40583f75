// One process for a file: each that wants it lays down a file that names itself and its life, and looks who else is there. The file
// of a life that is over never comes back, so anyone may delete it: two who come at once may both give up, never both win.
import { readFileSync } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Field 3 and field 22 of proc(5)'s stat: what state a process is in, and when it began. */
function statOf(pid: number): { ended: boolean; life: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { ended: /^[ZX]/.test(fields[0] ?? ''), life: fields[19] ?? '0' }
  } catch {
    return undefined // no such process, or a system without /proc
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const lives = (pid: number, life: string): boolean => {
  if (!exists(pid)) return false
  const stat = statOf(pid)
  return stat === undefined || (!stat.ended && (life === '0' || stat.life === life))
}

/** Resolves with what gives it back. Throws where a process that lives has it. */
export async function lock(path: string): Promise<() => Promise<void>> {
  const folder = dirname(path)
  const prefix = `${basename(path)}.lock.`
  const mine = `${prefix}${process.pid}.${statOf(process.pid)?.life ?? '0'}`
  const taken = (by: string, file: string) =>
    new Error(`${path} is in use by ${by}: close the client there first, or use another file (${file} says so)`)
  try {
    await (await open(join(folder, mine), 'wx', 0o600)).close()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
    throw taken('this very process', join(folder, mine))
  }
  const release = () => rm(join(folder, mine), { force: true })
  for (const name of await readdir(folder)) {
    const [pid, life] = name.startsWith(prefix) ? name.slice(prefix.length).split('.') : []
    if (pid === undefined || life === undefined || name === mine) continue
    if (lives(Number(pid), life)) {
      await release()
      throw taken(`process ${pid}`, join(folder, name))
    }
    await rm(join(folder, name), { force: true })
  }
  return release
}
