// Starting, stopping and starting again: what a data folder promises.
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startPostgres } from '../../src/postgres/index.ts'
import type { RunningPostgres } from '../../src/postgres/index.ts'
import * as ports from '../../src/postgres/port.ts'
import { connection, gone, query, start, temporaryFolder } from './support.ts'

vi.mock('../../src/postgres/port.ts', { spy: true })

describe('a fresh start', () => {
  let dir = ''
  let server: RunningPostgres
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'verbatim-postgres-'))
    server = await startPostgres({ dir })
    return async () => {
      await server.close()
      await rm(dir, { recursive: true })
    }
  })

  test('gives an empty UTF-8 database owned by a role that may make databases and roles and is no superuser', async () => {
    expect(server.url).toMatch(/^postgres:\/\/verbatim:[\w-]{32}@127\.0\.0\.1:\d+\/verbatim$/)
    const [row] = await query(
      server.url,
      `select current_user as role, rolsuper as super, rolcreatedb as databases, rolcreaterole as roles,
              pg_encoding_to_char(encoding) as encoding, datcollate as collation,
              version() ~ '^PostgreSQL 18' as eighteen
       from pg_roles, pg_database
       where rolname = current_user and datname = current_database() and datdba = pg_roles.oid`,
    )
    expect(row).toEqual({
      ...{ role: 'verbatim', super: false, databases: true, roles: true },
      ...{ encoding: 'UTF8', collation: 'C', eighteen: true },
    })
  })

  test('is reachable with the password only, and for the superuser not at all', async () => {
    const { url } = server
    await expect(query(url.replace(/:[\w-]+@/, ':wrong@'), 'select 1')).rejects.toThrow(
      /password authentication failed/,
    )
    await expect(query(url.replace('verbatim:', 'postgres:'), 'select 1')).rejects.toThrow(/authentication failed/)
  })

  test('is durable, and listens to this machine only', async () => {
    const rows = await query<{ name: string; setting: string }>(
      server.url,
      `select name, setting from pg_settings
       where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'data_checksums')`,
    )
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      ...{ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', data_checksums: 'on' },
      listen_addresses: '127.0.0.1',
    })
    const [, , , , socketFolder] = (await readFile(join(dir, 'cluster/data/postmaster.pid'), 'utf8')).split('\n')
    expect(socketFolder).toBe('')
  })

  test('leaves the password, the data and the log to their owner alone', async () => {
    const mode = async (path: string): Promise<string> => ((await stat(join(dir, path))).mode & 0o777).toString(8)
    expect(await mode('cluster')).toBe('700')
    expect(await mode('cluster/password')).toBe('600')
    expect(await mode('cluster/data')).toBe('700')
    expect(await mode('postgres.log')).toBe('600')
  })

  test('makes the folder, wherever it is asked for', async () => {
    const dir = join(await temporaryFolder(), 'with blanks', "and a quote's", 'ünïcode')
    const { url } = await start({ dir })
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

describe('a second start', () => {
  test('finds the data and the same password', async () => {
    const dir = await temporaryFolder()
    const first = await startPostgres({ dir })
    await query(first.url, `create table said (text text); insert into said values ('hello')`)
    await first.close()
    await gone(first.pid)
    const second = await start({ dir })
    expect(await query(second.url, 'select text from said')).toEqual([{ text: 'hello' }])
    expect(new URL(second.url).password).toBe(new URL(first.url).password)
  })

  test('on the same folder at the same time is refused, and hurts nobody', async () => {
    const dir = await temporaryFolder()
    const { url } = await start({ dir })
    await expect(startPostgres({ dir })).rejects.toThrow(/is in use by this very process/)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('ignores and removes what an interrupted initdb left', async () => {
    const dir = await temporaryFolder()
    await mkdir(join(dir, 'cluster.new-a1b2c3', 'data'), { recursive: true })
    await writeFile(join(dir, 'cluster.new-a1b2c3', 'data', 'PG_VERSION'), '18\n')
    const { url } = await start({ dir })
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(dir)).filter(name => name.startsWith('cluster'))).toEqual(['cluster'])
  })
})

describe('close', () => {
  test('ends open connections, waits for the server, may be called twice, and leaves the folder free', async () => {
    const dir = await temporaryFolder()
    const exits: string[] = []
    const { url, pid, close } = await start({ dir, onExit: reason => exits.push(reason) })
    const client = await connection(url)
    await client.query('begin')
    await Promise.all([close(), close()])
    await gone(pid)
    expect((await readdir(dir)).sort()).toEqual(['cluster', 'postgres.log'])
    expect(await readFile(join(dir, 'postgres.log'), 'utf8')).toContain('database system is shut down')
    expect(exits).toEqual([])
  })
})

describe('ports', () => {
  test('a configured port that is taken is refused by name', async () => {
    const port = await takenPort()
    const dir = await temporaryFolder()
    await expect(startPostgres({ dir, port })).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`)
    expect((await readdir(dir)).sort()).toEqual(['cluster', 'postgres.log'])
  })

  test('a free port that somebody takes just before the server does is exchanged for another', async () => {
    const port = await takenPort()
    vi.mocked(ports.freePort).mockResolvedValueOnce(port)
    const { url } = await start({ dir: await temporaryFolder() })
    expect(Number(new URL(url).port)).not.toBe(port)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  async function takenPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }
})

describe('a start that fails says why', () => {
  test('with the last lines of the log', async () => {
    const dir = await temporaryFolder()
    await (await startPostgres({ dir })).close()
    await writeFile(join(dir, 'cluster/data/PG_VERSION'), '9.6\n')
    await expect(startPostgres({ dir })).rejects.toThrow(/did not start[^]*initialized by PostgreSQL version 9\.6/)
  })

  test('when the password file is gone or not the right one', async () => {
    const dir = await temporaryFolder()
    await (await startPostgres({ dir })).close()
    await writeFile(join(dir, 'cluster/password'), 'wrong\n')
    await expect(startPostgres({ dir })).rejects.toThrow(/cannot connect with the password in .*cluster\/password/)
    await rm(join(dir, 'cluster/password'))
    await expect(startPostgres({ dir })).rejects.toThrow(/password cannot be read/)
  })
})
