// The data on disk: DIR/cluster with `data` (PostgreSQL's own folder) and `password` (of the role verbatim, mode 0600).
// Made in a folder beside it that is renamed when complete: whenever we are stopped, `cluster` is whole or not there.
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { launch } from './launch.ts'
import type { LogFile } from './log-file.ts'
import { applicationSql, HOST_BASED_AUTHENTICATION, initdbArguments, singleUserArguments } from './settings.ts'

export interface Tools {
  binaries: Binaries
  account: Account
  logFile: LogFile
  log: (line: string) => void
}

const UNFINISHED = 'cluster.new-'
export const clusterOf = (dir: string): string => join(dir, 'cluster')
export const dataOf = (dir: string): string => join(dir, 'cluster', 'data')

/** Makes the cluster unless it is there. Answers the password of the role verbatim. */
export async function openCluster(dir: string, tools: Tools): Promise<string> {
  for (const name of await readdir(dir))
    if (name.startsWith(UNFINISHED)) await rm(join(dir, name), { recursive: true, force: true, maxRetries: 5 })
  const there = await stat(clusterOf(dir)).catch(() => undefined)
  if (!there) await makeCluster(dir, tools)
  const path = join(clusterOf(dir), 'password')
  const password = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Error(
      `the database password cannot be read (${error.message}): put ${path} back, ` +
        `or move ${clusterOf(dir)} away to begin with an empty database`,
    )
  })
  return password.trim()
}

async function makeCluster(dir: string, tools: Tools): Promise<void> {
  tools.log(`making a PostgreSQL data folder in ${clusterOf(dir)}`)
  const { other } = tools.account
  const unfinished = await mkdtemp(join(dir, UNFINISHED)) // mode 0700
  const data = join(unfinished, 'data')
  const password = randomBytes(24).toString('base64url')
  await writeFile(join(unfinished, 'password'), `${password}\n`, { mode: 0o600, flush: true })
  if (other) for (const path of [unfinished, join(unfinished, 'password')]) await chown(path, other.uid, other.gid)

  const { initdb, postgres } = tools.binaries
  await run([initdb, ...initdbArguments(data)], tools)
  await writeFile(join(data, 'pg_hba.conf'), HOST_BASED_AUTHENTICATION)
  await run([postgres, ...singleUserArguments(data)], tools, applicationSql(password))
  // Up to here nothing waited for the disk; now all of it once. On a busy disk a quarter less time than file by file.
  await run([initdb, '--sync-only', '-D', data], tools)
  await rename(unfinished, clusterOf(dir))
  const folder = await open(dir)
  await folder.sync().finally(() => folder.close())
}

async function run(command: string[], { account, logFile }: Tools, input?: string): Promise<void> {
  const from = await logFile.size()
  const program = await launch({ account, command, messages: logFile.fd, ...(input === undefined ? {} : { input }) })
  const trouble = await program.ended
  if (trouble) throw new Error(`${command[0]} failed (${trouble}):\n${await logFile.tail(from)}`)
}
