// A box is a process that is there. It holds a lease, a row that it renews, and all is told by one clock: the database's. A
// lease is lost when somebody has taken it away, not when a time is over: after a database that was away for minutes the boxes
// that are still there simply renew.
import type { Pool } from 'pg'

export interface Box {
  readonly box: string
  readonly roles: readonly string[]
  /** When it took its lease and how long it has it for now; RFC 3339, by the database's clock. */
  readonly since: string
  readonly until: string
}

/** One implicit transaction; the lock keeps two boxes that start at once out of each other's way. */
const schema = `
  SELECT pg_advisory_xact_lock(hashtext('verbatim boxes'));
  CREATE SCHEMA IF NOT EXISTS boxes;
  CREATE TABLE IF NOT EXISTS boxes.lease (
    box text COLLATE "C" PRIMARY KEY,
    roles text[] NOT NULL,
    since timestamptz(3) NOT NULL,
    expires_at timestamptz(3) NOT NULL
  ) WITH (fillfactor = 50)`

const end = `clock_timestamp() + make_interval(secs => $2::double precision / 1000)`

export async function openLeases(pool: Pool, ttlMs: number) {
  await pool.query(schema)
  return {
    take: async (box: string, roles: readonly string[]): Promise<void> => {
      await pool.query(`INSERT INTO boxes.lease VALUES ($1, $3, clock_timestamp(), ${end})`, [box, ttlMs, roles])
    },
    /** How many other gateways there are; undefined: the lease was taken away. */
    renew: async (box: string): Promise<number | undefined> => {
      const { rows } = await pool.query<{ others: number }>(
        `UPDATE boxes.lease SET expires_at = ${end} WHERE box = $1 RETURNING
           (SELECT count(*)::integer FROM boxes.lease WHERE box <> $1 AND 'gateway' = ANY (roles)) AS others`,
        [box, ttlMs],
      )
      return rows[0]?.others
    },
    /** Takes the leases away that were not renewed in time; names their boxes. Each is named to one who asks. */
    takeAway: async (butNot: string): Promise<string[]> => {
      const { rows } = await pool.query<{ box: string }>(
        'DELETE FROM boxes.lease WHERE expires_at < clock_timestamp() AND box <> $1 RETURNING box',
        [butNot],
      )
      return rows.map(({ box }) => box)
    },
    giveBack: async (box: string): Promise<void> => {
      await pool.query('DELETE FROM boxes.lease WHERE box = $1', [box])
    },
    /** All boxes that are there, the longest first. */
    all: async (): Promise<Box[]> => {
      const { rows } = await pool.query<{ box: string; roles: string[]; since: Date; expires_at: Date }>(
        'SELECT * FROM boxes.lease ORDER BY since, box',
      )
      return rows.map(({ box, roles, since, expires_at }) => ({
        box,
        roles,
        since: since.toISOString(),
        until: expires_at.toISOString(),
      }))
    },
  }
}

export type Leases = Awaited<ReturnType<typeof openLeases>>
