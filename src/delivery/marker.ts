// Up to where in the log messages were looked at for being too old: each is looked at once, also after a restart. Where two
// processes look, the further one counts, for each has dealt with all before it.
import type { Pool } from 'pg'
import type { Position } from '../eventstore/index.ts'

/** One implicit transaction; the lock keeps two processes that start at once out of each other's way. */
const schema = `
  SELECT pg_advisory_xact_lock(hashtext('verbatim delivery'));
  CREATE SCHEMA IF NOT EXISTS delivery;
  CREATE TABLE IF NOT EXISTS delivery.examined (epoch text COLLATE "C" PRIMARY KEY, position bigint NOT NULL)`

export interface Marker {
  /** -1: nothing was looked at. One beyond the end of the log is of a log that was replaced by an older one: it starts anew. */
  read(end: Position): Promise<Position>
  move(to: Position): Promise<void>
}

export async function openMarker(pool: Pick<Pool, 'query'>, epoch: string): Promise<Marker> {
  await pool.query(schema)
  return {
    read: async end => {
      await pool.query('DELETE FROM delivery.examined WHERE epoch = $1 AND position > $2', [epoch, end])
      const { rows } = await pool.query<{ position: string }>(
        'SELECT position FROM delivery.examined WHERE epoch = $1',
        [epoch],
      )
      return rows[0] === undefined ? -1 : Number(rows[0].position)
    },
    move: async to => {
      await pool.query(
        `INSERT INTO delivery.examined AS e VALUES ($1, $2)
        ON CONFLICT (epoch) DO UPDATE SET position = greatest(e.position, excluded.position)`,
        [epoch, to],
      )
    },
  }
}
