// The read model of privacy: who may see when somebody was there, where that is not everyone; and who may see whom by it.
import { sql } from 'kysely'
import type { Audience } from '../domain/index.ts'
import type { SightRow } from './presence-api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    privacy: { user_id: string; last_seen: Audience }
  }
}

export const privacy: ReadModel = {
  name: 'privacy',
  version: 1,
  tables: `
    create table privacy (
      user_id text collate "C" primary key,
      last_seen text not null
    );`,

  async fold(db, events) {
    const latest = new Map(only(events, 'PrivacyChanged').map(({ data }) => [data.user, data.lastSeen]))
    if (latest.size === 0) return
    const rows = [...latest].map(([user_id, last_seen]) => ({ user_id, last_seen }))
    await sql`insert into ${db.table('privacy')} select * from ${recordset(rows, columns('user_id text, last_seen text'))}
      on conflict (user_id) do update set last_seen = excluded.last_seen`.execute(db.kysely)
  },
}

export async function privacyOf(db: Db, user: string): Promise<Audience> {
  const row = await db.kysely.selectFrom('privacy').select('last_seen').where('user_id', '=', user).executeTakeFirst()
  return row?.last_seen ?? 'everyone'
}

/**
 * Whether these viewers may see the presence of these users: their own always; nobody's who has blocked them; else as
 * the user has it. Contacts are members of one conversation, now.
 */
export function sightOf(db: Db, pairs: readonly { viewer: string; user: string }[]): Promise<SightRow[]> {
  return rowsOf(
    db,
    sql<SightRow>`
      select r.viewer, r."user", coalesce(p.last_seen, 'everyone') as audience, r.viewer = r."user" or (
        not exists (select from ${db.table('block')} b where b.user_id = r."user" and b.blocked = r.viewer)
        and case coalesce(p.last_seen, 'everyone') when 'everyone' then true when 'nobody' then false else exists (
          select from ${db.table('membership')} v join ${db.table('membership')} u on u.conversation = v.conversation
          where v.user_id = r.viewer and v.left_seq is null and u.user_id = r."user" and u.left_seq is null) end) as sees
      from ${recordset(pairs, columns('viewer text, "user" text'))}
      left join ${db.table('privacy')} p on p.user_id = r."user"`,
  )
}
