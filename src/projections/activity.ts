// The read model of activity: who was active when, as times from and to. What people do themselves is told at most once in five
// seconds; what follows within a minute is the same time.
import { sql } from 'kysely'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    activity: { user_id: string; since: Date; until: Date }
  }
}

interface Time {
  readonly since: number
  until: number
}

const pauseMs = 60_000

export const activity: ReadModel = {
  name: 'activity',
  version: 1,
  tables: `
    create table activity (
      user_id text collate "C" not null,
      since timestamptz(3) not null,
      until timestamptz(3) not null,
      primary key (user_id, since)
    ) with (fillfactor = 70);`,

  async fold(db, events) {
    const told = [...only(events, 'UserActive')]
    if (told.length === 0) return
    const latest = await latestOf(db, [...new Set(told.map(({ data }) => data.user))])
    const changed = new Map<Time, string>()
    for (const { data } of told) {
      const at = Date.parse(data.at)
      const known = latest.get(data.user)
      const time = known && at <= known.until + pauseMs ? known : { since: at, until: at }
      time.until = Math.max(time.until, at)
      latest.set(data.user, time)
      changed.set(time, data.user)
    }
    const rows = [...changed].map(([{ since, until }, user_id]) => ({
      user_id,
      since: new Date(since),
      until: new Date(until),
    }))
    await sql`insert into ${db.table('activity')}
      select * from ${recordset(rows, columns('user_id text, since timestamptz, until timestamptz'))}
      on conflict (user_id, since) do update set until = excluded.until`.execute(db.kysely)
  },
}

async function latestOf(db: Db, users: readonly string[]): Promise<Map<string, Time>> {
  const rows = await rowsOf(
    db,
    sql<{ user_id: string; since: Date; until: Date }>`
      select a.* from unnest(${users}::text[]) as u (id), lateral (
        select * from ${db.table('activity')} where user_id = u.id collate "C" order by since desc limit 1) a`,
  )
  return new Map(rows.map(({ user_id, since, until }) => [user_id, { since: +since, until: +until }]))
}
