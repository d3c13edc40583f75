// Where the server of a data folder listens, told to commands on the same machine by a file in that folder. A file of a process
// that has ended, however it did, says nothing.
import { readFileSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { lifeOf, stillLives } from './postgres/processes.ts'

const fileName = 'address.json'
const told = z.object({ url: z.url(), pid: z.int(), life: z.string() })

/** Written beside and put in its place, so that nobody reads half of it. What is answered takes it away, if it is this one still. */
export async function tellAddress(dir: string, url: string): Promise<() => Promise<void>> {
  const path = join(dir, fileName)
  const fresh = `${path}.${process.pid}`
  const text = `${JSON.stringify({ url: reachable(url), pid: process.pid, life: lifeOf(process.pid) ?? 'unknown' })}\n`
  await writeFile(fresh, text)
  await rename(fresh, path)
  return async () => {
    const now = await readFile(path, 'utf8').catch(() => undefined)
    if (now === text) await rm(path, { force: true })
  }
}

/** Of the server that runs on this data folder; undefined where none does, as far as can be seen here. */
export function addressIn(dir: string): string | undefined {
  let text: string
  try {
    text = readFileSync(join(dir, fileName), 'utf8')
  } catch {
    return undefined // there is none, or it is not for us
  }
  const { data } = told.safeParse(jsonIn(text))
  return data && stillLives(data.pid, data.life) ? data.url : undefined
}

/** Who listens everywhere is asked at the machine's own address. */
const reachable = (url: string): string => url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
