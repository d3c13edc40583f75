// Following read models that another process writes: how far they are, without writing any.
import { expect, it } from 'vitest'
import { followProjections } from '../../src/projections/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { GivenFeed, History } from './history.ts'
import { freshSchema, openReadModels } from './read-models.ts'

const database = freshDatabase()
const soon = 60_000

function chat() {
  const history = new History()
  history.started('tea', ['ann', 'bob'])
  for (let n = 0; n < 20; n++) history.said('tea', 'ann')
  return history.events
}

async function follow(schema: string, more: { epoch?: string; log?: (line: string) => void } = {}) {
  const stopping = new AbortController()
  const feed = new GivenFeed()
  const projections = await followProjections({
    pool: database.pool,
    schema,
    epoch: 'epoch-1',
    stopped: stopping.signal,
    ...more,
  })
  let fail: (error: unknown) => void
  const fault = new Promise<never>((_, reject) => (fail = reject))
  fault.catch(() => {})
  projections.start(feed, error => fail(error))
  return { ...projections, feed, fault }
}

it('[N2] who only reads is told of each commit, and lets go of the events that are in', async () => {
  const events = chat()
  const models = await openReadModels(database.pool)
  const reader = await follow(models.schema)
  for (let at = 0; at < events.length; at += 3) {
    const some = events.slice(at, at + 3)
    reader.feed.push(some)
    await models.fold(some)
    expect(await reader.reached(some.at(-1)!.position, soon)).toBe(true)
    expect(reader.feed.released).toBe(some.at(-1)!.position)
  }
  expect((await reader.queries.inbox('bob'))[0]).toMatchObject({ unread: 20 })
  await Promise.all([models.stop(), reader.stop()])
})

it('[N2] it finds out what it was not told, whatever becomes of its connections', async () => {
  const events = chat()
  const models = await openReadModels(database.pool)
  const reader = await follow(models.schema)
  for (let at = 0; at < events.length; at += 5) {
    const some = events.slice(at, at + 5)
    reader.feed.push(some)
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`,
    )
    await models.fold(some)
    expect(await reader.reached(some.at(-1)!.position, soon)).toBe(true)
  }
  await Promise.all([models.stop(), reader.stop()])
})

it('[N2] it finds out where notifications are swallowed on the way', async () => {
  const events = chat()
  const models = await openReadModels(database.pool)
  await models.stop()
  const reader = await follow(models.schema)
  for (const event of events.slice(0, 3)) {
    reader.feed.push([event])
    await database.pool.query(`update "${models.schema}".checkpoint set position = $1`, [event.position])
    expect(await reader.reached(event.position, soon)).toBe(true)
  }
  await reader.stop()
})

it('[N2] it is never ahead of its own feed, and with it where nothing is to be folded', async () => {
  const events = chat()
  const models = await openReadModels(database.pool)
  const reader = await follow(models.schema)
  await models.fold(events)
  reader.feed.push(events.slice(0, 4))
  const fourth = events[3]!.position
  expect(await reader.reached(fourth, soon)).toBe(true)
  expect(reader.position()).toBe(fourth)
  reader.feed.push(events.slice(4))
  const end = events.at(-1)!.position
  reader.feed.push([], end + 5_000)
  expect(await reader.reached(end + 5_000, soon)).toBe(true)
  await Promise.all([models.stop(), reader.stop()])
})

it('[N3] it waits for read models of its own log and version, and says what it waits for', async () => {
  const schema = freshSchema()
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const waiting = follow(schema, { log })
  await expect.poll(() => lines.join('\n')).toContain('role projections')
  const old = await openReadModels(database.pool, { schema, epoch: 'epoch-0' })
  await expect.poll(() => lines.at(-1)).toContain('epoch-0')
  await old.stop()
  const models = await openReadModels(database.pool, { schema })
  const reader = await waiting
  expect(reader.position()).toBe(-1)
  await Promise.all([models.stop(), reader.stop()])
})

it('[N3] it says so when they are made anew under it', async () => {
  const schema = freshSchema()
  const models = await openReadModels(database.pool, { schema })
  await models.fold(chat())
  const reader = await follow(schema)
  await models.stop()
  await database.pool.query(`update "${schema}".checkpoint set versions = 'message 0'`)
  const next = await openReadModels(database.pool, { schema, epoch: 'epoch-2' })
  await next.fold(chat().slice(0, 5))
  await expect(reader.fault).rejects.toThrow('start again')
  await Promise.all([next.stop(), reader.stop()])
})

it('[N3] who is told to stop waits no longer', async () => {
  const stopping = new AbortController()
  const waiting = followProjections({
    pool: database.pool,
    schema: freshSchema(),
    epoch: 'epoch-1',
    stopped: stopping.signal,
  })
  stopping.abort()
  await expect(waiting).rejects.toThrow()
})
