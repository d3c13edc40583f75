// Makes the read models' tables, and makes them again when they are of another store or of another version.
import { sql } from 'kysely'
import type { Position } from '../eventstore/index.ts'
import { checkpointTable, checkpointVersion, readCheckpoint, type Checkpoint, type Provenance } from './checkpoint.ts'
import { rowsOf, within, type Db } from './database.ts'
import { models } from './models.ts'

/** The versions of all read models, as the checkpoint remembers them. */
export const versions = [checkpointVersion, ...models.map(({ name, version }) => `${name} ${version}`)].join(', ')

/** Whether the log has an event at this position. */
export type Holds = (position: Position) => Promise<boolean>

/** Answers where the read models are: -1 when they are empty. */
export function migrate(db: Db, epoch: string, holds: Holds, log: (line: string) => void): Promise<Position> {
  return db.kysely.transaction().execute(async transaction => {
    const tx = within(db, transaction)
    await sql`select pg_advisory_xact_lock(hashtextextended(${`verbatim read models ${db.schema}`}, 0))`.execute(
      tx.kysely,
    )
    const tables = await tablesIn(tx)
    if (tables.includes('checkpoint')) {
      const found = await readCheckpoint(tx)
      const why = await whyOther(found, epoch, holds)
      if (found && why === undefined) return found.position
      log(`rebuilding the read models in schema ${db.schema} from the whole log: ${why}`)
    }
    for (const table of tables) await sql`drop table ${sql.id(db.schema, table)} cascade`.execute(tx.kysely)
    await create(tx, { epoch, versions })
    return -1
  })
}

async function tablesIn(db: Db): Promise<string[]> {
  const rows = await rowsOf(
    db,
    sql<{ name: string }>`select tablename as name from pg_tables where schemaname = ${db.schema}`,
  )
  return rows.map(({ name }) => name)
}

async function whyOther(found: Checkpoint | undefined, epoch: string, holds: Holds): Promise<string | undefined> {
  if (!found) return 'their checkpoint is missing'
  if (found.epoch !== epoch) return `they were made from store ${found.epoch}, and this one is ${epoch}`
  if (found.versions !== versions) return `they are of the versions (${found.versions}), and these are (${versions})`
  if (found.event === undefined || (await holds(found.event))) return undefined
  return `they have the event at position ${found.event}, and the log has not: an older one was put back`
}

async function create(db: Db, { epoch, versions }: Provenance): Promise<void> {
  const there = await rowsOf(db, sql`select from pg_namespace where nspname = ${db.schema}`)
  if (there.length === 0) await sql`create schema ${sql.id(db.schema)}`.execute(db.kysely)
  await sql`set local search_path to ${sql.id(db.schema)}`.execute(db.kysely)
  await sql.raw(checkpointTable + models.map(({ tables }) => tables).join('')).execute(db.kysely)
  await db.kysely.insertInto('checkpoint').values({ singleton: true, position: '-1', epoch, versions }).execute()
}
