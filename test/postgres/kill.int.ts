// kill -9, of the server and of the process that started it.
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startPostgres } from '../../src/postgres/index.ts'
import { lifeOf, processesIn } from '../../src/postgres/processes.ts'
import { connection, event, gone, Other, query, start, temporaryFolder } from './support.ts'

describe('the server killed', () => {
  test('is told to onExit, and the next start recovers what was committed', async () => {
    const dir = await temporaryFolder()
    const exit = event<string>()
    const first = await start({ dir, onExit: exit.happen })
    await query(first.url, `create table said (text text); insert into said values ('committed')`)
    process.kill(first.pid, 'SIGKILL')
    expect(await exit.happened).toMatch(/^PostgreSQL ended unexpectedly \(ended by SIGKILL\)/)
    const second = await start({ dir })
    expect(await query(second.url, 'select text from said')).toEqual([{ text: 'committed' }])
  })

  test('while a connection computes and does not notice: the next start ends that one too', async () => {
    const dir = await temporaryFolder()
    const exit = event<string>()
    const first = await start({ dir, onExit: exit.happen })
    const client = await connection(first.url)
    const [row] = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows
    client.query('do $$ begin loop end loop; end $$').catch(() => {})
    await busy(first.url, row!.pid)
    process.kill(first.pid, 'SIGKILL')
    await exit.happened
    expect(lifeOf(row!.pid)).toBeDefined()
    const second = await start({ dir })
    expect(lifeOf(row!.pid)).toBeUndefined()
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('and its process id given to somebody else: the next start is not misled by postmaster.pid', async () => {
    const dir = await temporaryFolder()
    await (await startPostgres({ dir })).close()
    await writeFile(join(dir, 'cluster/data/postmaster.pid'), `${process.pid}\n/somewhere\n1\n5432\n\n\n\nready\n`)
    const { url } = await start({ dir })
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  async function busy(url: string, pid: number): Promise<void> {
    const running = `select 1 from pg_stat_activity where pid = ${pid} and state = 'active' and query like 'do %'`
    while ((await query(url, running)).length === 0);
  }
})

describe('the process that started it killed', () => {
  test('takes the server with it, and leaves the folder to the next', async () => {
    const dir = await temporaryFolder()
    const other = new Other(dir)
    const { url = '', pid = 0 } = await other.outcome()
    await query(url, `create table said (text text); insert into said values ('committed')`)
    await other.kill()
    await gone(pid)
    const { url: next } = await start({ dir })
    expect(await query(next, 'select text from said')).toEqual([{ text: 'committed' }])
    expect((await readdir(dir)).filter(name => name.startsWith('lock.'))).toHaveLength(1)
  })

  test('the next start does not wait for that: it stops the server that is left, and never are there two', async () => {
    const dir = await temporaryFolder()
    const other = new Other(dir)
    const { pid = 0 } = await other.outcome()
    process.kill(pid, 'SIGSTOP') // so that it is certainly still there
    await other.kill()
    const logged: string[] = []
    const next = start({
      dir,
      log: line => {
        logged.push(line)
        process.kill(pid, 'SIGCONT')
      },
    })
    const { pid: now } = await next
    expect(logged).toEqual([`stopping the PostgreSQL that an earlier run left behind (process ${pid})`])
    expect(lifeOf(pid)).toBeUndefined()
    expect(lifeOf(now)).toBeDefined()
  })

  test('in the middle of initdb leaves nothing half-made', async () => {
    const dir = await temporaryFolder()
    const other = new Other(dir)
    expect((await other.told()).log).toMatch(/^making a PostgreSQL data folder/)
    await other.kill()
    expect(await readdir(dir)).not.toContain('cluster')
    const { url } = await start({ dir })
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect((await readdir(dir)).filter(name => name.startsWith('cluster'))).toEqual(['cluster'])
  })
})

describe('two processes on one folder', () => {
  test('the second is refused, is told who has it, and the first keeps its server', async () => {
    const dir = await temporaryFolder()
    const first = new Other(dir)
    const { url = '', pid } = await first.outcome()
    const second = new Other(dir)
    expect((await second.outcome()).error).toMatch(`${dir} is in use by process ${first.process.pid}: stop that one`)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    if (process.platform === 'linux') expect(processesIn(join(dir, 'cluster/data'), 'postgres')).toContain(pid)
  })

  test('at the same moment: one at most gets it', async () => {
    const dir = await temporaryFolder()
    const outcomes = await Promise.all([new Other(dir), new Other(dir), new Other(dir)].map(other => other.outcome()))
    expect(outcomes.filter(({ url }) => url !== undefined).length).toBeLessThanOrEqual(1)
    for (const { url, error } of outcomes) if (!url) expect(error).toMatch(/is in use by process/)
  })
})
