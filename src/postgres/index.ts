// An embedded real PostgreSQL 18: a child process on a data folder of ours, for who has no PostgreSQL of their own.
// startPostgres is the map of this folder: lock, account, cluster, server. It knows nothing of who uses the database.
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { chooseAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { clusterOf, dataOf, openCluster } from './cluster.ts'
import type { Tools } from './cluster.ts'
import { launch } from './launch.ts'
import type { Program } from './launch.ts'
import { takeLock } from './lock.ts'
import { openLogFile } from './log-file.ts'
import { freePort, portWasTaken } from './port.ts'
import { anotherWasThere, becomesReady, clearLeftovers, stop } from './postmaster.ts'
import { serverArguments } from './settings.ts'

export interface PostgresOptions {
  /** The data folder, made when it is missing. One process at a time. */
  dir: string
  /** On 127.0.0.1; 0 or nothing: a free one. */
  port?: number
  /** Told in one line what takes long or is out of the ordinary. */
  log?: (line: string) => void
  /** The server ended though nobody called `close`. It is not started again. */
  onExit?: (reason: string) => void
}

export interface RunningPostgres {
  /**
   * postgres://verbatim:PASSWORD@127.0.0.1:PORT/verbatim. The role may create databases and roles, and is no superuser.
   */
  url: string
  pid: number
  /** Writes everything out and waits until the server has ended. May be called again. */
  close: () => Promise<void>
}

/** Starts the server and answers when it takes connections. Errors say what was found and what to do. */
export async function startPostgres({
  dir,
  port = 0,
  log = () => {},
  onExit,
}: PostgresOptions): Promise<RunningPostgres> {
  const folder = resolve(dir)
  const binaries = await findBinaries()
  await mkdir(folder, { recursive: true })
  const lock = await takeLock(folder)
  const undo: (() => Promise<void>)[] = [lock.release]
  const undoAll = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step()
  }
  try {
    const account = chooseAccount(folder, clusterOf(folder), binaries)
    const logFile = await openLogFile(join(folder, 'postgres.log'), account.other)
    undo.push(logFile.close)
    const tools: Tools = { binaries, account, logFile, log }
    const password = await openCluster(folder, tools)
    const server = await startServer(dataOf(folder), port, tools)
    undo.push(() => stop(server.program))
    const url = `postgres://verbatim:${password}@127.0.0.1:${server.port}/verbatim`
    await checkConnection(url, clusterOf(folder))

    let closed: Promise<void> | undefined
    const close = (): Promise<void> => (closed ??= undoAll())
    void server.program.ended.then(async reason => {
      if (closed) return
      const lines = await logFile.tail(server.logFrom).catch(() => '')
      await close().catch(() => {}) // what is left is a file or two; that the server is gone matters more
      onExit?.(`PostgreSQL ended unexpectedly (${reason || 'exit code 0'}):\n${lines}`)
    })
    return { url, pid: server.program.pid, close }
  } catch (error) {
    await undoAll()
    throw error
  }
}

interface Server {
  program: Program
  port: number
  logFrom: number
}

/**
 * Tries again, five times at most, where the next try may go better: between choosing a free port and listening on it
 * somebody else took it; or a server whose parent was killed while it started came up after we looked for leftovers.
 */
async function startServer(data: string, wanted: number, tools: Tools, attempt = 1): Promise<Server> {
  const { account, binaries, logFile, log } = tools
  await clearLeftovers(data, log)
  const port = wanted || (await freePort())
  const logFrom = await logFile.size()
  const command = [binaries.postgres, ...serverArguments(data, port)]
  const program = await launch({ account, command, messages: logFile.fd })
  if (await becomesReady(program, data, log)) return { program, port, logFrom }
  const lines = await logFile.tail(logFrom)
  const taken = portWasTaken(lines)
  if (attempt < 5 && (taken ? !wanted : anotherWasThere(lines))) return startServer(data, wanted, tools, attempt + 1)
  if (taken)
    throw new Error(`port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another (0: a free one)`)
  throw new Error(`PostgreSQL did not start (${(await program.ended) || 'exit code 0'}):\n${lines}`)
}

async function checkConnection(url: string, cluster: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw new Error(
      `PostgreSQL runs, but the role verbatim cannot connect with the password in ${cluster}/password ` +
        `(${(error as Error).message}): put the file back, or move ${cluster} away to begin with an empty database`,
    )
  } finally {
    await client.end().catch(() => {})
  }
}
