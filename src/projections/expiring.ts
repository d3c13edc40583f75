// Messages whose time is limited: how many there are, by conversation.
import { sql } from 'kysely'
import { rowsOf, type Db } from './database.ts'
import type { ExpiringRow } from './expiring-api.ts'

/** Of the messages and images that these content keys open, and of the messages that have their time still. */
export async function expiringBy(db: Db, keys: readonly string[]): Promise<ExpiringRow[]> {
  return rowsOf(
    db,
    sql<ExpiringRow>`
      select conversation, sum(messages)::integer as messages, sum(images)::integer as images,
        sum(kept)::integer as "keptMessages"
      from (
        select m.conversation, (count(*) filter (where m.key = any(${keys}::text[]))) as messages, 0 as images,
          (count(*) filter (where m.expires_at > now())) as kept
        from ${db.table('message')} m where m.expires_at is not null
          and (m.expires_at > now() or m.key = any(${keys}::text[])) group by m.conversation
        union all
        select a.conversation, 0, count(distinct a.media), 0
        from ${db.table('attachment')} a where a.key = any(${keys}::text[]) group by a.conversation
      ) c group by conversation`,
  )
}
