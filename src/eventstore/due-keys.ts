// Content keys whose time is limited: until when each is kept, which of them are due, and their end.
import type { Pool } from 'pg'

/**
 * Contents that end within the same five seconds of one author share a key, kept until the end of these: never shorter than
 * was promised, and five seconds of the ten that are allowed are left for deleting it. A key a message would cost a row a message.
 */
const stepMs = 5_000
/** The last millisecond that has a year of four digits. */
const lastMs = Date.parse('9999-12-31T23:59:59.999Z')
/** Keys of one statement. */
const mostKeys = 1_000

/** Until when the key of what ends then is kept, in milliseconds since 1970. */
export const dueOf = (expiresAt: string): number => Math.min(Math.ceil(Date.parse(expiresAt) / stepMs) * stepMs, lastMs)

/** The keys with a limit of one conversation. Times are RFC 3339; null: there is none. */
export interface KeysOf {
  readonly conversation: string
  readonly due: readonly string[]
  readonly since: string | null
  readonly kept: number
  readonly next: string | null
}

/** What is due is decided by the database's clock, which is one however many boxes there are. */
export interface DueKeys {
  /** Deletes some that are due, each by one caller, and answers their ids: as long as there are any. */
  destroy(): Promise<readonly string[]>
  /** In how many milliseconds the next one is due, not positive: now; undefined: none is. And the database's clock. */
  next(): Promise<{ inMs: number | undefined; clock: number }>
  byConversation(): Promise<readonly KeysOf[]>
  /** Makes the room of what was deleted free, so that it is written over. */
  vacuum(): Promise<void>
}

export function openDueKeys(pool: Pool): DueKeys {
  const rows = async <R extends object>(text: string, values: unknown[] = []) =>
    (await pool.query<R>(text, values)).rows
  return {
    async destroy() {
      const text = `
        WITH over AS (
          SELECT id FROM keyring.content_key WHERE due <= now() ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED)
        DELETE FROM keyring.content_key k USING over WHERE k.id = over.id RETURNING k.id`
      return (await rows<{ id: string }>(text, [mostKeys])).map(row => row.id)
    },

    async next() {
      const text = `
        SELECT extract(epoch FROM min(due) - clock_timestamp())::float8 * 1000 AS wait,
          extract(epoch FROM clock_timestamp())::float8 * 1000 AS clock
        FROM keyring.content_key WHERE due IS NOT NULL`
      const [row] = await rows<{ wait: number | null; clock: number }>(text)
      return { inMs: row!.wait ?? undefined, clock: row!.clock }
    },

    async byConversation() {
      const text = `
        SELECT conversation, array_remove(array_agg(CASE WHEN due <= now() THEN id::text END), NULL) AS due,
          min(due) FILTER (WHERE due <= now()) AS since,
          (count(*) FILTER (WHERE due > now()))::integer AS kept, min(due) FILTER (WHERE due > now()) AS next
        FROM keyring.content_key WHERE due IS NOT NULL GROUP BY conversation ORDER BY min(due), conversation`
      const time = (at: Date | null) => at && at.toISOString()
      const found = await rows<Omit<KeysOf, 'since' | 'next'> & { since: Date | null; next: Date | null }>(text)
      return found.map(row => ({ ...row, since: time(row.since), next: time(row.next) }))
    },

    async vacuum() {
      await pool.query('VACUUM keyring.content_key')
    },
  }
}
