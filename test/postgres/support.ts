// For the tests of the embedded PostgreSQL: folders and servers that end with each test, and other processes with one.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { startPostgres } from '../../src/postgres/index.ts'
import type { PostgresOptions, RunningPostgres } from '../../src/postgres/index.ts'
import { lifeOf } from '../../src/postgres/processes.ts'

export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-postgres-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

export async function start(options: PostgresOptions): Promise<RunningPostgres> {
  const server = await startPostgres(options)
  onTestFinished(server.close)
  return server
}

export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

/** A connection that outlives its server without complaint. */
export async function connection(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end().catch(() => {}))
  return client
}

/** Something to be waited for that is called back. */
export function event<T>(): { happened: Promise<T>; happen: (value: T) => void } {
  let happen: (value: T) => void = () => {}
  return { happened: new Promise<T>(resolve => (happen = resolve)), happen: value => happen(value) }
}

/** Resolves when the process is no more; the test's own timeout is the limit. */
export async function gone(pid: number): Promise<void> {
  while (lifeOf(pid) !== undefined) await sleep(10)
}

export interface Told {
  log?: string
  url?: string
  pid?: number
  error?: string
}

/**
 * Another Node process that starts PostgreSQL in `dir` (from dist/, as users do) and tells what happens, a JSON object
 * a line.
 */
export class Other {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(dir: string) {
    const index = new URL('../../dist/postgres/index.js', import.meta.url).href
    const program = `
      import { startPostgres } from ${JSON.stringify(index)}
      const tell = what => process.stdout.write(JSON.stringify(what) + '\\n')
      try {
        const { url, pid } = await startPostgres({ dir: process.argv[1], log: log => tell({ log }) })
        tell({ url, pid })
      } catch (error) {
        tell({ error: error.message })
      }`
    const args = ['--input-type=module', '-e', program, dir]
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#lines = createInterface(this.process.stdout!)[Symbol.asyncIterator]()
    onTestFinished(() => this.kill())
  }

  async told(): Promise<Told> {
    const line = await this.#lines.next()
    return line.done ? { error: 'it ended without a word' } : (JSON.parse(line.value) as Told)
  }

  /** What it came to: `url` and `pid`, or `error`. */
  async outcome(): Promise<Told> {
    for (;;) {
      const told = await this.told()
      if (told.log === undefined) return told
    }
  }

  /** kill -9: it gets no chance to tidy up. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGKILL')
    await once(this.process, 'exit')
  }
}
