// Makes the read models' tables, and makes them again when they are of another store or of another version.
import { sql } from 'kysely'
import type { Position } from '../eventstore/index.ts'
import { checkpointTable, checkpointVersion, readCheckpoint, type Checkpoint, type Provenance } from './checkpoint.ts'
import { rowsOf, within, type Db } from './database.ts'
import { models } from './models.ts'
import type { ReadModel } from './read-model.ts'

/** What is made in a schema, with a checkpoint of its own. */
export interface Made {
  readonly what: string
  /** As the checkpoint remembers them. */
  readonly versions: string
  /** `create table …`, names without schema. */
  readonly tables: string
}

export const made = (what: string, of: readonly Pick<ReadModel, 'name' | 'version' | 'tables'>[]): Made => ({
  what,
  versions: [checkpointVersion, ...of.map(({ name, version }) => `${name} ${version}`)].join(', '),
  tables: of.map(({ tables }) => tables).join(''),
})

const readModels = made('the read models', models)

/** The versions of all read models, as the checkpoint remembers them. */
export const { versions } = readModels

/** Whether the log has an event at this position. */
export type Holds = (position: Position) => Promise<boolean>

/** Answers where the read models (or what else is made) are: -1 when they are empty. */
export function migrate(
  db: Db,
  epoch: string,
  holds: Holds,
  log: (line: string) => void,
  { what, versions, tables: create }: Made = readModels,
): Promise<Position> {
  return db.kysely.transaction().execute(async transaction => {
    const tx = within(db, transaction)
    await sql`select pg_advisory_xact_lock(hashtextextended(${`verbatim read models ${db.schema}`}, 0))`.execute(
      tx.kysely,
    )
    const tables = await tablesIn(tx)
    if (tables.includes('checkpoint')) {
      const found = await readCheckpoint(tx)
      const why = await whyOther(found, { epoch, versions }, holds)
      if (found && why === undefined) return found.position
      log(`rebuilding ${what} in schema ${db.schema} from the whole log: ${why}`)
    }
    for (const table of tables) await sql`drop table ${sql.id(db.schema, table)} cascade`.execute(tx.kysely)
    await build(tx, { epoch, versions }, create)
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

async function whyOther(
  found: Checkpoint | undefined,
  { epoch, versions }: Provenance,
  holds: Holds,
): Promise<string | undefined> {
  if (!found) return 'their checkpoint is missing'
  if (found.epoch !== epoch) return `they were made from store ${found.epoch}, and this one is ${epoch}`
  if (found.versions !== versions) return `they are of the versions (${found.versions}), and these are (${versions})`
  if (found.event === undefined || (await holds(found.event))) return undefined
  return `they have the event at position ${found.event}, and the log has not: an older one was put back`
}

async function build(db: Db, { epoch, versions }: Provenance, tables: string): Promise<void> {
  const there = await rowsOf(db, sql`select from pg_namespace where nspname = ${db.schema}`)
  if (there.length === 0) await sql`create schema ${sql.id(db.schema)}`.execute(db.kysely)
  await sql`set local search_path to ${sql.id(db.schema)}`.execute(db.kysely)
  await sql.raw(checkpointTable + tables).execute(db.kysely)
  await db.kysely.insertInto('checkpoint').values({ singleton: true, position: '-1', epoch, versions }).execute()
}
