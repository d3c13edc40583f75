// What analysts are given: documented views that hold no content, and a role that sees these and nothing else.
import pg from 'pg'
import { expect, it } from 'vitest'
import { openProjections, type Projections } from '../../src/projections/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { GivenFeed, History, timeOf } from './history.ts'

const database = freshDatabase()
const views = ['activity', 'conversations', 'last_seen', 'memberships', 'messages', 'receipts', 'sessions']
const password = `it's a "secret"`

const open = (schema = 'read', epoch = 'epoch-1'): Promise<Projections> =>
  openProjections({ pool: database.pool, schema, epoch, holds: () => Promise.resolve(true), analystPassword: password })

async function asAnalyst<Row extends object>(statement: string): Promise<Row[]> {
  const url = new URL(database.url)
  url.username = 'verbatim_analyst'
  url.password = encodeURIComponent(password)
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return (await client.query(statement)).rows as Row[]
  } finally {
    await client.end()
  }
}

async function foldAndStop(projections: Projections, history: History): Promise<void> {
  const feed = new GivenFeed()
  projections.start(feed, () => {})
  feed.push(history.events)
  await projections.reached(history.end, 60_000)
  await projections.stop()
}

it('every view and each of its columns says what it means', async () => {
  await (await open()).stop()
  const { rows } = await database.pool.query<{ name: string; about: string | null; silent: number }>(`
    select c.relname as name, obj_description(c.oid, 'pg_class') as about, count(*) filter (
      where col_description(c.oid, a.attnum) is null)::integer as silent
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname = 'analytics' group by c.oid, c.relname order by c.relname`)
  expect(rows.map(row => row.name)).toEqual(views)
  for (const row of rows) expect(row).toMatchObject({ about: expect.any(String) as unknown, silent: 0 })
})

it('an analyst reads the views, also after a rebuild, and nothing else', async () => {
  await foldAndStop(await open('read', 'epoch-0'), new History())
  const history = new History()
  history.started('g', ['ann', 'bob'], { retention: { mode: 'temporary', ttlMs: 90_000 } })
  const sent = history.said('g', 'ann')
  history.left('g', 'bob')
  await foldAndStop(await open(), history)
  for (const view of views) await asAnalyst(`select * from analytics.${view}`)
  expect(await asAnalyst('select * from messages')).toEqual([
    { conversation: 'g', seq: 1, message: sent.id, author: 'ann', at: new Date(timeOf(sent.position)), bytes: 15 },
  ])
  expect(
    await asAnalyst(`select retention, extract(epoch from retention_ttl)::integer as ttl from conversations`),
  ).toEqual([{ retention: 'temporary', ttl: 90 }])
  expect(await asAnalyst('select user_id, left_seq from memberships order by user_id')).toEqual([
    { user_id: 'ann', left_seq: null },
    { user_id: 'bob', left_seq: 2 },
  ])
  await expect(asAnalyst('select * from read.message')).rejects.toThrow('permission denied')
  await expect(asAnalyst('create table mine (id integer)')).rejects.toThrow()
})

it('the views are those of the schema `read` alone', async () => {
  await (await open()).stop()
  await (await open('other')).stop()
  const { rows } = await database.pool.query(
    `select from pg_views where schemaname = 'analytics' and definition like '%other.%'`,
  )
  expect(rows).toEqual([])
})

it('[P13] who was active when is told in times, the same however the events came in batches', async () => {
  const seconds = [0, 5, 64, 64, 125, 125.5, 120, 300, 299, 361]
  const history = new History()
  for (const at of seconds) {
    history.active('ann', timeOf(at))
    history.active('bob', timeOf(at * 100))
  }
  const times = async () =>
    (await asAnalyst<{ user_id: string; since: Date; until: Date }>('select * from activity order by 1, 2')).map(
      ({ user_id, since, until }) => [user_id, ...[since, until].map(time => (+time - Date.parse(timeOf(0))) / 1000)],
    )
  const told = async (epoch: string, size: number) => {
    const projections = await open('read', epoch)
    const feed = new GivenFeed()
    projections.start(feed, () => {})
    for (let from = 0; from < history.events.length; from += size) {
      feed.push(history.events.slice(from, from + size))
      await projections.reached(history.events[Math.min(from + size, history.events.length) - 1]!.position, 60_000)
    }
    await projections.stop()
    return times()
  }
  const inOne = await told('epoch-all', 1_000)
  expect(inOne).toEqual([
    ['ann', 0, 64],
    ['ann', 125, 125.5],
    ['ann', 300, 300],
    ['ann', 361, 361],
    ...[0, 500, 6400].map(at => ['bob', at, at]),
    ['bob', 12_500, 12_550],
    ...[30_000, 36_100].map(at => ['bob', at, at]),
  ])
  expect(await told('epoch-each', 1)).toEqual(inOne)
  expect(await told('epoch-three', 3)).toEqual(inOne)
})
