// The read model of activity: when each person last did something themselves.
import { sql } from 'kysely'
import type { PresenceRow } from './presence-api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    last_seen: { user_id: string; at: Date }
  }
}

export const lastSeen: ReadModel = {
  name: 'last_seen',
  version: 1,
  tables: `
    create table last_seen (
      user_id text collate "C" primary key,
      at timestamptz(3) not null
    ) with (fillfactor = 70);`,

  async fold(db, events) {
    const latest = new Map<string, string>()
    for (const { data } of only(events, 'UserActive')) {
      const known = latest.get(data.user)
      if (known === undefined || Date.parse(known) < Date.parse(data.at)) latest.set(data.user, data.at)
    }
    if (latest.size === 0) return
    const rows = [...latest].map(([user_id, at]) => ({ user_id, at }))
    await sql`insert into ${db.table('last_seen')} as l
      select * from ${recordset(rows, columns('user_id text, at timestamptz'))}
      on conflict (user_id) do update set at = greatest(l.at, excluded.at)`.execute(db.kysely)
  },
}

/** When people were last active, and their open sessions: one row for each who is asked about. */
export async function presenceOf(db: Db, users: readonly string[]): Promise<PresenceRow[]> {
  const rows = await rowsOf(
    db,
    sql<{ user: string; at: Date | null; sessions: string[] }>`
      select u.id as "user", l.at, array(select s.session from ${db.table('session')} s
        where s.user_id = u.id and s.closed_position is null order by s.session) as sessions
      from (select distinct id collate "C" as id from unnest(${users}::text[]) as id) u
      left join ${db.table('last_seen')} l on l.user_id = u.id order by u.id`,
  )
  return rows.map(({ user, at, sessions }) => ({ user, lastSeen: at?.toISOString() ?? null, sessions }))
}
