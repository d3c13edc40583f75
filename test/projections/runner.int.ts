// The runner: each event in the rows exactly once, whatever is killed, lost, or there twice.
import { expect, it } from 'vitest'
import { openProjections } from '../../src/projections/index.ts'
import { freshDatabase } from '../support/postgres.ts'
import { dumpReadModels } from '../support/read-models.ts'
import { History } from './history.ts'
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
  for (let at = 5; at < events.length; at += 5) {
    const folding = models.fold(events.slice(at, at + 5))
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
    await folding
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
  const again = await openProjections({ pool: database.pool, schema, epoch: 'epoch-1' })
  expect(again.position()).toBe(chat().at(-1)!.position)
  await again.stop()
})
