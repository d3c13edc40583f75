// Read models for tests: opened on a schema of their own, fed with given events, and dumped row by row.
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { openProjections, type Projections, type ProjectionsOptions } from '../../src/projections/index.ts'
import type { RecordedEvent } from '../../src/eventstore/index.ts'
import { tablesIn } from '../support/read-models.ts'
import { GivenFeed } from './history.ts'

export const freshSchema = (): string => `models_${randomUUID().slice(0, 8)}`

export interface ReadModels extends Projections {
  readonly feed: GivenFeed
  readonly schema: string
  /** Rejects with what went wrong for good; never resolves. */
  readonly fault: Promise<never>
  /** Folds these events as one batch and waits until they are in. */
  fold(events: readonly RecordedEvent[]): Promise<void>
}

export async function openReadModels(
  pool: pg.Pool,
  {
    schema = freshSchema(),
    epoch = 'epoch-1',
    holds = () => Promise.resolve(true),
    log = () => {},
  }: Partial<Pick<ProjectionsOptions, 'schema' | 'epoch' | 'holds' | 'log'>> = {},
): Promise<ReadModels> {
  const projections = await openProjections({ pool, schema, epoch, holds, log })
  const feed = new GivenFeed()
  let fail: (error: unknown) => void
  const fault = new Promise<never>((_, reject) => (fail = reject))
  fault.catch(() => {})
  projections.start(feed, error => fail(error))
  const fold = async (events: readonly RecordedEvent[]): Promise<void> => {
    if (events.length === 0) return
    feed.push(events)
    await Promise.race([projections.reached(events.at(-1)!.position, 60_000), fault])
  }
  return { ...projections, feed, schema, fault, fold }
}

/** The read models of these events and no others, in queries; stopped before it answers. */
export async function folded(pool: pg.Pool, events: readonly RecordedEvent[], schema = 'folded'): Promise<ReadModels> {
  await empty(pool, schema)
  const models = await openReadModels(pool, { schema })
  await models.fold(events)
  await models.stop()
  return models
}

/** Deleting rows is thirty times as fast as making the tables again. */
export async function empty(pool: pg.Pool, schema: string): Promise<void> {
  const tables = await tablesIn(pool, schema)
  const statements = tables.map(table =>
    table === 'checkpoint'
      ? `update "${schema}".checkpoint set position = -1, event = null`
      : `delete from "${schema}"."${table}"`,
  )
  await pool.query(statements.join(';'))
}
