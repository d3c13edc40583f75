// The runner: each event in the rows exactly once, whatever is killed, lost, or there twice.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it } from 'vitest'
import { startPostgres } from '../../src/postgres/index.ts'
import { openProjections } from '../../src/projections/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { dumpReadModels } from '../support/read-models.ts'
import { GivenFeed, History } from './history.ts'
import { folded, freshSchema, openReadModels } from './read-models.ts'

const database = freshDatabase()

/** Two people, some messages, marks and sessions. */
function chat() {
  const history = new History()
  history.started('tea', ['ann', 'bob'])
  for (let n = 0; n < 30; n++) {
    history.said('tea', n % 3 === 0 ? 'ann' : 'bob')
    if (n % 5 === 0) history.read('tea', 'ann', n)
  }
  return history.events
}
const asIfNeverInterrupted = async () => dumpReadModels(database.pool, (await folded(database.pool, chat())).schema)

it('[P8] goes on where it was after a stop or a kill, and folds nothing twice', async () => {
  const events = chat()
  const schema = freshSchema()
  const first = await openReadModels(database.pool, { schema })
  await first.fold(events.slice(0, 20)) // and is gone: never stopped
  const second = await openReadModels(database.pool, { schema })
  expect(second.position()).toBe(events[19]!.position)
  await second.fold(events) // some of it again
  await second.stop()
  expect(await dumpReadModels(database.pool, schema)).toEqual(await asIfNeverInterrupted())
})

it('[P9] two projectors on one schema fold each event once', async () => {
  const events = chat()
  const schema = freshSchema()
  const both = [await openReadModels(database.pool, { schema }), await openReadModels(database.pool, { schema })]
  for (let at = 0; at < events.length; at += 3)
    await Promise.all(both.map(projector => projector.fold(events.slice(at, at + 3))))
  for (const projector of both) await projector.stop()
  expect(await dumpReadModels(database.pool, schema)).toEqual(await asIfNeverInterrupted())
})

it('[P10] waits for a database that went away, and goes on with what it had', async () => {
  const events = chat()
  const lines: string[] = []
  const models = await openReadModels(database.pool, { log: line => void lines.push(line) })
  await models.fold(events.slice(0, 5))
  const other = await database.pool.connect() // one of the pool's might have been ended the time before, and not know it yet
  try {
    for (let at = 5; at < events.length; at += 5) {
      const folding = models.fold(events.slice(at, at + 5))
      await other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      await folding
    }
  } finally {
    other.release()
  }
  await models.stop()
  expect(await dumpReadModels(database.pool, models.schema)).toEqual(await asIfNeverInterrupted())
})

it('[P11] models of another store are dropped and built from the whole log', async () => {
  const schema = freshSchema()
  const lines: string[] = []
  const old = await openReadModels(database.pool, { schema, epoch: 'epoch-0' })
  await old.fold(chat().slice(0, 10))
  await old.stop()
  const models = await openReadModels(database.pool, { schema, log: line => void lines.push(line) })
  expect(models.position()).toBe(-1)
  expect(lines.join('\n')).toContain('epoch-0')
  await models.fold(chat())
  await models.stop()
  expect(await dumpReadModels(database.pool, schema)).toEqual(await asIfNeverInterrupted())
  const again = await openReadModels(database.pool, { schema })
  expect(again.position()).toBe(chat().at(-1)!.position)
  await again.stop()
})

it('[P12] models that know an event which the log has not are dropped and built from the whole log', async () => {
  const schema = freshSchema()
  const lines: string[] = []
  const [older, all] = [chat().slice(0, 20), chat()]
  const newer = await openReadModels(database.pool, { schema })
  await newer.fold(all)
  await newer.stop()
  const holds = (position: number) => Promise.resolve(older.some(event => event.position === position))
  const models = await openReadModels(database.pool, { schema, holds, log: line => void lines.push(line) })
  expect(models.position()).toBe(-1)
  expect(lines.join('\n')).toContain(`they have the event at position ${all.at(-1)!.position}, and the log has not`)
  await models.fold(older)
  await models.stop()
  const again = await openReadModels(database.pool, { schema, holds, log: line => void lines.push(line) })
  expect([again.position(), lines.length]).toEqual([older.at(-1)!.position, 1])
  await again.stop()
})

it('[P10] lives through a restart of the database, and stops also while it is away', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'verbatim-restart-'))
  let server = await startPostgres({ dir })
  const pool = new pg.Pool({ connectionString: server.url })
  pool.on('error', () => {}) // connections are lost on purpose
  try {
    const events = chat()
    const models = await openReadModels(pool)
    await models.fold(events.slice(0, 10))
    await server.close()
    models.feed.push(events.slice(10, 20))
    server = await startPostgres({ dir, port: Number(new URL(server.url).port) })
    await models.fold(events.slice(20, 25))
    expect(models.position()).toBe(events[24]!.position)
    await server.close()
    models.feed.push(events.slice(25))
    await models.stop()
    expect(models.position()).toBe(events[24]!.position)

    server = await startPostgres({ dir, port: Number(new URL(server.url).port) })
    const next = await openReadModels(pool, { schema: models.schema })
    expect(next.position()).toBe(events[24]!.position)
    await next.fold(events.slice(25))
    await next.stop()
    expect(await dumpReadModels(pool, models.schema)).toEqual(await asIfNeverInterrupted())
  } finally {
    await pool.end()
    await server.close()
    await rm(dir, { recursive: true, force: true })
  }
})

it('[P11] models of another version are dropped and built from the whole log', async () => {
  const { schema } = await folded(database.pool, chat())
  await database.pool.query(`update "${schema}".checkpoint set versions = 'message 0'`)
  const models = await openReadModels(database.pool, { schema })
  expect(models.position()).toBe(-1)
  expect(await models.queries.inbox('ann')).toEqual([])
  await models.stop()
})

it('[P11] who is still writing while another rebuilds writes no more, and says so', async () => {
  const schema = freshSchema()
  const old = await openReadModels(database.pool, { schema, epoch: 'epoch-0' })
  await old.fold(chat().slice(0, 10))
  const next = await openReadModels(database.pool, { schema })
  await expect(Promise.race([old.fold(chat().slice(10)), old.fault])).rejects.toThrow('rebuilt or restored')
  await next.fold(chat())
  await Promise.all([old.stop(), next.stop()])
  expect(await dumpReadModels(database.pool, schema)).toEqual(await asIfNeverInterrupted())
})

it('[P9] two projectors whose batches are cut differently fold each event once', async () => {
  const events = chat()
  const schema = freshSchema()
  const [one, other] = await Promise.all([
    openReadModels(database.pool, { schema }),
    openReadModels(database.pool, { schema }),
  ])
  const feedAll = async (models: typeof one, size: number): Promise<void> => {
    for (let at = 0; at < events.length; at += size) await models.fold(events.slice(at, at + size))
  }
  await Promise.all([feedAll(one, 2), feedAll(other, 7)])
  await Promise.all([one.stop(), other.stop()])
  expect(await dumpReadModels(database.pool, schema)).toEqual(await asIfNeverInterrupted())
})

it('takes what the feed had before it was started', async () => {
  const events = chat()
  const feed = new GivenFeed()
  feed.push(events)
  const models = await openProjections({
    pool: database.pool,
    schema: freshSchema(),
    epoch: 'epoch-1',
    holds: () => Promise.resolve(true),
  })
  models.start(feed, () => {})
  expect(await models.reached(events.at(-1)!.position, 60_000)).toBe(true)
  expect(feed.released).toBe(events.at(-1)!.position)
  await models.stop()
})

it('moves on where the log has nothing for it, without writing that down each time', async () => {
  const models = await openReadModels(database.pool)
  await models.fold(chat())
  const end = chat().at(-1)!.position
  models.feed.push([], end + 5_000)
  expect(await models.reached(end + 5_000, 60_000)).toBe(true)
  expect(models.feed.released).toBe(end + 5_000)
  const { rows } = await database.pool.query<{ position: string }>(`select position from "${models.schema}".checkpoint`)
  expect(Number(rows[0]!.position)).toBe(end)
  await models.stop()
})

it('says that a position was not reached in the time given', async () => {
  const models = await openReadModels(database.pool)
  expect(await models.reached(100, 1)).toBe(false)
  await models.stop()
})

it('hands on a failure that does not pass, and stays where it was', async () => {
  const models = await openReadModels(database.pool)
  await models.fold(chat().slice(0, 5))
  const at = models.position()
  await database.pool.query(`drop table "${models.schema}".message`)
  await expect(models.fold(chat().slice(5))).rejects.toThrow('message')
  expect(models.position()).toBe(at)
  await models.stop()
})

it('[P2] text that Postgres cannot hold stops nothing', async () => {
  const history = new History()
  history.started('g', ['ann', 'bob'], { name: 'nul \0 half \ud83d whole \ud83d\ude00 said \\u0000' })
  history.said('g', 'ann')
  history.read('g', 'bob', 1, 'ph\0ne')
  const { queries } = await folded(database.pool, history.events)
  const [row] = await queries.inbox('bob')
  expect(row!.name).toBe('nul \ufffd half \ufffd whole \ud83d\ude00 said \\u0000')
  expect(row).toMatchObject({ unread: 0, read: 1 })
})

it('[P6] a message into a group of 1,024 is one row', async () => {
  const history = new History()
  history.started(
    'g',
    Array.from({ length: 1_024 }, (_, n) => `user${n}`),
  )
  history.said('g', 'user1')
  const models = await openReadModels(database.pool)
  await models.fold(history.events)
  const before = await dumpReadModels(database.pool, models.schema)
  await models.fold([history.said('g', 'user2')])
  const after = await dumpReadModels(database.pool, models.schema)
  const fresh = Object.entries(after).flatMap(([table, rows]) =>
    rows.filter(row => !before[table]!.includes(row)).map(() => table),
  )
  expect(fresh).toEqual(['checkpoint', 'message'])
  expect((await models.queries.inbox('user9'))[0]).toMatchObject({ unread: 2 })
  await models.stop()
})
