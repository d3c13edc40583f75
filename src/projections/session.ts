// The read model of sessions: who was connected when, with which device, to which box.
import { sql } from 'kysely'
import type { SessionEnd } from '../domain/index.ts'
import type { Recorded } from '../eventstore/index.ts'
import type { BoxRow, OpenSessionRow } from './box-api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

interface SessionColumns<Time, Place> {
  user_id: string
  session: string
  device: string
  box: string
  opened_at: Time
  opened_position: Place
  closed_at: Time | null
  closed_position: Place | null
  why: SessionEnd | null
}

declare module './database.ts' {
  interface Tables {
    session: SessionColumns<Date, string>
  }
}

export const session: ReadModel = {
  name: 'session',
  version: 2,
  tables: `
    create table session (
      user_id text collate "C" not null,
      session text collate "C" not null,
      device text not null,
      box text not null,
      opened_at timestamptz(3) not null,
      opened_position bigint not null,
      closed_at timestamptz(3),
      closed_position bigint,
      why text,
      primary key (user_id, session, opened_position)
    );
    create index session_open on session (user_id, session) where closed_position is null;
    create index session_box on session (box, user_id, session) where closed_position is null;
    create index session_at on session using brin (opened_at);`,

  async fold(db, events) {
    const told = only(events, 'SessionOpened', 'SessionClosed')
    if (told.length === 0) return
    if (told.every(isOpening)) return insertNew(db, told)
    const asked = told.map(({ data }) => ({ user_id: data.user, session: data.session }))
    const open = new Map((await openSessions(db, asked)).map(row => [key(row), row]))
    const touched = new Set<SessionColumns<string | Date, number>>()
    for (const event of told) {
      const { position, data } = event
      const present = open.get(key({ user_id: data.user, session: data.session }))
      if (isOpening(event)) {
        if (present) continue
        const row = rowOf(event)
        open.set(key(row), row)
        touched.add(row)
      } else if (present) {
        Object.assign(present, { closed_at: data.at, closed_position: position, why: event.data.why })
        open.delete(key(present))
        touched.add(present)
      }
    }
    await sql`insert into ${db.table('session')} select * from ${recordset([...touched], rowColumns)}
      on conflict (user_id, session, opened_position) do update
      set closed_at = excluded.closed_at, closed_position = excluded.closed_position, why = excluded.why`.execute(
      db.kysely,
    )
  },
}

type Opening = Recorded<'SessionOpened'>
const isOpening = (event: Opening | Recorded<'SessionClosed'>): event is Opening => event.type === 'SessionOpened'

const rowOf = ({ position, data: { user, session, device, box, at } }: Opening): SessionColumns<string, number> => {
  const opened = { user_id: user, session, device, box, opened_at: at, opened_position: position }
  return { ...opened, closed_at: null, closed_position: null, why: null }
}

/** Where many log in, all that is told is that sessions open: one statement then says which are not open already, and writes them. */
async function insertNew(db: Db, told: readonly Opening[]): Promise<void> {
  const rows = new Map<string, SessionColumns<string, number>>()
  for (const row of told.map(rowOf)) if (!rows.has(key(row))) rows.set(key(row), row)
  await sql`insert into ${db.table('session')} select r.* from ${recordset([...rows.values()], rowColumns)}
    where not exists (select from ${db.table('session')} s
      where s.user_id = r.user_id and s.session = r.session and s.closed_position is null)
    on conflict (user_id, session, opened_position) do nothing`.execute(db.kysely)
}

const rowColumns = columns(
  `user_id text, session text, device text, box text, opened_at timestamptz, opened_position bigint,
   closed_at timestamptz, closed_position bigint, why text`,
)

const key = (of: { user_id: string; session: string }): string => `${of.user_id}\n${of.session}`

async function openSessions(db: Db, asked: readonly object[]): Promise<SessionColumns<string | Date, number>[]> {
  const rows = await rowsOf(
    db,
    sql<SessionColumns<Date, string>>`
      select distinct s.* from ${recordset(asked, columns('user_id text, session text'))}
      join ${db.table('session')} s on s.user_id = r.user_id and s.session = r.session and s.closed_position is null`,
  )
  return rows.map(row => ({ ...row, opened_position: Number(row.opened_position), closed_position: null }))
}

/** The names of boxes that have sessions open: a look into the index for each name, however many sessions there are. */
export async function boxesHavingSessions(db: Db): Promise<string[]> {
  const t = db.table('session')
  const rows = await rowsOf(
    db,
    sql<{ box: string }>`
      with recursive b as (
        (select box from ${t} where closed_position is null order by box limit 1)
        union all
        select (select s.box from ${t} s where s.closed_position is null and s.box > b.box order by s.box limit 1)
        from b where b.box is not null)
      select box from b where box is not null`,
  )
  return rows.map(({ box }) => box)
}

/** Every box that has sessions open, and how many, of how many people. */
export const boxesWithSessions = (db: Db): Promise<BoxRow[]> =>
  rowsOf(
    db,
    sql<BoxRow>`select box, count(*)::integer as sessions, count(distinct user_id)::integer as users
      from ${db.table('session')} where closed_position is null group by box order by box`,
  )

/** A box's open sessions in the order of users and sessions, a page after one of them. */
export async function sessionsOn(
  db: Db,
  box: string,
  after: { user: string; session: string } | undefined,
  limit: number,
): Promise<OpenSessionRow[]> {
  const { user, session } = after ?? { user: '', session: '' }
  const rows = await rowsOf(
    db,
    sql<SessionColumns<Date, string>>`select * from ${db.table('session')} s
      where s.box = ${box} and s.closed_position is null and (s.user_id, s.session) > (${user}, ${session})
      order by s.user_id, s.session limit ${limit}`,
  )
  return rows.map(({ user_id, session, device, opened_at }) => ({
    user: user_id,
    session,
    device,
    openedAt: opened_at.toISOString(),
  }))
}
