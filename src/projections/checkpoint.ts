// The checkpoint: how far the read models are, of which store, in which versions. One row, written with theirs.
import { sql } from 'kysely'
import type { Position } from '../eventstore/index.ts'
import type { Db } from './database.ts'

/** The table's own shape: another one is built anew, as with the read models. */
export const checkpointVersion = 'checkpoint 2'

/** Of which log the rows are, and by which rules they were folded. */
export interface Provenance {
  readonly epoch: string
  readonly versions: string
}

export const checkpointTable = `
    create table checkpoint (
      singleton boolean primary key check (singleton),
      position bigint not null,
      event bigint,
      epoch text not null,
      versions text not null
    ) with (fillfactor = 10);`

/** Where each commit is told to processes that only read (`<position> <epoch> <versions>`): `listen` to it. */
export const channelOf = (db: Db): string => `verbatim_${db.schema}`

/** Another process has rebuilt the read models under this one, or put an older copy of the database in its place. */
export class ReadModelsReplaced extends Error {}

/**
 * Moves the checkpoint, and with it the place of the last event that is folded, within a transaction, before any row is written. Not moved: another projector has moved it
 * since, to `position`, and nothing of this batch may be written.
 *
 * This is what makes events count once. Two projectors on one schema (a rolling restart, two boxes) meet at this row: the
 * second waits for the first's commit, then sees that the checkpoint is not where it left it, and goes on from there. A
 * lock held on a connection of its own would need a watch over that connection, and would still have a moment after its
 * loss in which two write. The same comparison answers whether a commit happened whose answer got lost.
 */
export async function moveCheckpoint(
  db: Db,
  provenance: Provenance,
  from: Position,
  to: Position,
  event?: Position,
): Promise<{ moved: boolean; position: Position }> {
  const { epoch, versions } = provenance
  const moved =
    await sql`update ${db.table('checkpoint')} set position = ${to}, event = coalesce(${event ?? null}::bigint, event)
    where position = ${from} and epoch = ${epoch} and versions = ${versions}
    returning pg_notify(${channelOf(db)}, concat_ws(' ', position, epoch, versions))`.execute(db.kysely)
  if (moved.rows.length === 1) return { moved: true, position: to }
  const found = await readCheckpoint(db)
  if (found?.epoch !== epoch || found.versions !== versions || found.position < from)
    throw new ReadModelsReplaced(
      `the read models in schema ${db.schema} were at ${from} and are ${describe(found)}: ` +
        'they were rebuilt or restored by somebody else; start again to follow them',
    )
  return { moved: false, position: found.position } // also where another moved it to `to`: its rows are in
}

export interface Checkpoint extends Provenance {
  readonly position: Position
  /** Of the last event that was folded; undefined: none yet. */
  readonly event: Position | undefined
}

export async function readCheckpoint(db: Db): Promise<Checkpoint | undefined> {
  const row = await db.kysely.selectFrom('checkpoint').selectAll().executeTakeFirst()
  return row && { ...row, position: Number(row.position), event: row.event == null ? undefined : Number(row.event) }
}

const describe = (found: Checkpoint | undefined): string =>
  found ? `at ${found.position} of epoch ${found.epoch} (${found.versions})` : 'gone'
