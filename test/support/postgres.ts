// A PostgreSQL for tests: each test file has its own fresh database. DATABASE_URL says on which server; without it one is
// started, for the whole run where this file is a `globalSetup`, else for each test file that asks.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { startPostgres, type RunningPostgres } from '../../src/postgres/index.ts'

/** Where the run's server is told to the workers that run test files. */
const shared = 'VERBATIM_TEST_POSTGRES'

/** Starts a server on an empty folder. Whoever starts it closes it; should this process die, the server ends by itself. */
export async function startServer(): Promise<RunningPostgres & { dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-postgres-'))
  const server = await startPostgres({ dir })
  const close = async (): Promise<void> => {
    await server.close()
    await rm(dir, { recursive: true, force: true })
  }
  return { ...server, dir, close }
}

const keeper = `
  const { startPostgres } = await import(process.argv[1])
  const server = await startPostgres({ dir: process.argv[2] })
  console.log(server.url)
  process.stdin.on('end', () => server.close()).resume()`

/**
 * vitest's `globalSetup`, after build.ts: one server for all. It is kept by a process of its own, because vitest's main
 * process has no import.meta.resolve; it closes when its standard input ends, however this process does.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['DATABASE_URL']) return undefined
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-postgres-'))
  const compiled = new URL('../../dist/postgres/index.js', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', keeper, compiled, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const [url] = (await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended])) as [unknown]
  if (typeof url !== 'string') throw new Error(`the tests' PostgreSQL did not start: exit code ${String(url)}`)
  process.env[shared] = url.trim()
  return async () => {
    child.stdin.end()
    await ended
    await rm(dir, { recursive: true, force: true })
  }
}

export interface TestDatabase {
  readonly url: string
  readonly pool: pg.Pool
}

/** A database of this file's own, made before its tests and dropped after them. To be called at the file's top level. */
export function freshDatabase(): TestDatabase {
  let made: (TestDatabase & { close(): Promise<void> }) | undefined
  const its = (): TestDatabase => {
    if (!made) throw new Error('the database is there from beforeAll on')
    return made
  }
  beforeAll(async () => {
    made = await makeDatabase()
  })
  afterAll(() => made?.close())
  return {
    get url() {
      return its().url
    },
    get pool() {
      return its().pool
    },
  }
}

async function makeDatabase() {
  const given = process.env['DATABASE_URL'] ?? process.env[shared]
  const own = given === undefined ? await startServer() : undefined
  const server = own?.url ?? given!
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await run(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href })
  pool.on('error', () => {}) // connections are cut on purpose
  const close = async (): Promise<void> => {
    await pool.end()
    // not `with (force)`, which fails where autovacuum is at work; a plain drop ends that, and waits for who is leaving
    await run(
      server,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename = user`,
    )
    await run(server, `drop database ${name}`)
    await own?.close()
  }
  return { url: url.href, pool, close }
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
