// The read model of memberships: who was in which conversation, from which event until before which.
import { sql } from 'kysely'
import { idIn, type Position } from '../eventstore/index.ts'
import type { Role } from '../domain/index.ts'
import type { MemberChangeRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    membership: {
      user_id: string
      conversation: string
      role: Role
      joined_seq: number
      joined_at: Date
      joined_position: string
      left_seq: number | null
      left_at: Date | null
      left_position: string | null
    }
  }
}

interface Interval {
  user_id: string
  conversation: string
  role: Role
  joined_seq: number
  joined_at: string
  joined_position: number
  left_seq: number | null
  left_at: string | null
  left_position: number | null
}

export const membership: ReadModel = {
  name: 'membership',
  version: 1,
  // within a conversation seq and position rise together, so an interval of one is an interval of the other
  tables: `
    create table membership (
      user_id text collate "C" not null,
      conversation text collate "C" not null,
      role text not null,
      joined_seq integer not null,
      joined_at timestamptz(3) not null,
      joined_position bigint not null,
      left_seq integer,
      left_at timestamptz(3),
      left_position bigint,
      primary key (user_id, conversation, joined_seq)
    );
    create index membership_joined on membership (conversation, joined_position);
    create index membership_left on membership (conversation, left_position);`,

  async fold(db, events) {
    const changes = only(events, 'ConversationStarted', 'MemberJoined', 'MemberLeft').flatMap(changesOf)
    if (changes.length === 0) return
    const open = new Map((await openIntervals(db, changes)).map(row => [key(row), row]))
    const touched = new Set<Interval>()
    for (const { joins, ...row } of changes) {
      const present = open.get(key(row))
      if (joins && present) {
        present.role = row.role
        touched.add(present)
      } else if (joins) {
        open.set(key(row), row)
        touched.add(row)
      } else if (present) {
        Object.assign(present, { left_seq: row.joined_seq, left_at: row.joined_at, left_position: row.joined_position })
        open.delete(key(row))
        touched.add(present)
      }
    }
    await sql`insert into ${db.table('membership')}
      select r.* from ${recordset([...touched], intervalColumns)}
      join ${db.table('conversation')} c on c.conversation = r.conversation and c.position <= r.joined_position
      on conflict (user_id, conversation, joined_seq) do update set role = excluded.role,
        left_seq = excluded.left_seq, left_at = excluded.left_at, left_position = excluded.left_position`.execute(
      db.kysely,
    )
  },
}

const intervalColumns = columns(
  `user_id text, conversation text, role text, joined_seq integer, joined_at timestamptz, joined_position bigint,
   left_seq integer, left_at timestamptz, left_position bigint`,
)

const key = (row: { conversation: string; user_id: string }): string => `${row.conversation}\n${row.user_id}`

/** What an event says about single members: as the interval it would open, whether or not it opens one. */
function changesOf(event: ReturnType<typeof only<'ConversationStarted' | 'MemberJoined' | 'MemberLeft'>>[number]) {
  const members =
    event.type === 'ConversationStarted'
      ? event.data.members
      : [{ user: event.data.user, role: event.type === 'MemberJoined' ? event.data.role : ('member' as const) }]
  return members.map(({ user, role }): Interval & { joins: boolean } => ({
    joins: event.type !== 'MemberLeft',
    user_id: user,
    conversation: idIn(event.stream),
    role,
    joined_seq: event.revision,
    joined_at: event.data.at,
    joined_position: event.position,
    left_seq: null,
    left_at: null,
    left_position: null,
  }))
}

async function openIntervals(db: Db, of: readonly { conversation: string; user_id: string }[]): Promise<Interval[]> {
  const asked = [
    ...new Map(
      of.map(({ conversation, user_id }) => [key({ conversation, user_id }), { conversation, user_id }]),
    ).values(),
  ]
  const rows = await rowsOf(
    db,
    sql<Interval & { joined_at: Date; joined_position: string }>`
      select m.* from ${recordset(asked, columns('conversation text, user_id text'))}
      join ${db.table('membership')} m on m.user_id = r.user_id and m.conversation = r.conversation
      where m.left_position is null`,
  )
  return rows.map(row => ({
    ...row,
    joined_at: (row.joined_at as Date).toISOString(),
    joined_position: Number(row.joined_position),
  }))
}

/** All times of membership of these users, as they were at a position. */
export function intervalsOf(db: Db, users: readonly string[], asOf: Position) {
  return rowsOf(
    db,
    sql<{
      user_id: string
      conversation: string
      kind: 'direct' | 'group'
      joined_seq: number
      left_seq: number | null
    }>`
      select i.user_id, i.conversation, c.kind, i.joined_seq,
        case when i.left_position <= ${asOf} then i.left_seq end as left_seq
      from ${db.table('membership')} i join ${db.table('conversation')} c on c.conversation = i.conversation
      where i.user_id = any(${users}::text[]) and i.joined_position <= ${asOf}
      order by i.user_id, i.conversation, i.joined_seq`,
  )
}

/** Members of these conversations, present (with role) and former (without). */
export function membersOf(db: Db, conversations: readonly string[]) {
  return rowsOf(
    db,
    sql<{ conversation: string; user_id: string; role: Role | null }>`
      select i.conversation, i.user_id, max(i.role) filter (where i.left_position is null) as role
      from ${db.table('membership')} i where i.conversation = any(${conversations}::text[])
      group by i.conversation, i.user_id order by i.conversation, min(i.joined_position), i.user_id`,
  )
}

export async function wasEverIn(db: Db, user: string, conversation: string): Promise<boolean> {
  const found = await db.kysely
    .selectFrom('membership')
    .select('joined_seq')
    .where('user_id', '=', user)
    .where('conversation', '=', conversation)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/**
 * Joining and leaving after a position, in the conversations somebody was in at the time, their own included. A
 * conversation's start is told to each first member as their own joining alone: n members are n rows, not n².
 */
export async function memberChangesSince(
  db: Db,
  user: string,
  after: Position,
  upTo: Position,
  limit: number,
): Promise<MemberChangeRow[]> {
  const t = db.table('membership')
  const rows = await rowsOf(
    db,
    sql<{ conversation: string; seq: number; user_id: string; change: 'joined' | 'left'; at: Date; position: string }>`
      select o.* from ${t} i cross join lateral (
        (select o.conversation, o.joined_seq as seq, o.user_id, 'joined' as change, o.joined_at as at, o.joined_position as position
          from ${t} o where o.conversation = i.conversation and (o.joined_seq > 0 or o.user_id = i.user_id)
            and o.joined_position > ${after} and o.joined_position >= i.joined_position
            and o.joined_position <= least(i.left_position, ${upTo})
          order by o.joined_position limit ${limit})
        union all
        (select o.conversation, o.left_seq, o.user_id, 'left', o.left_at, o.left_position
          from ${t} o where o.conversation = i.conversation
            and o.left_position > greatest(i.joined_position, ${after}) and o.left_position <= least(i.left_position, ${upTo})
          order by o.left_position limit ${limit})) o
      where i.user_id = ${user} and i.joined_position <= ${upTo} and (i.left_position is null or i.left_position > ${after})
      order by o.position limit ${limit}`,
  )
  return rows.map(({ user_id, at, position, ...row }) => ({
    ...row,
    user: user_id,
    at: at.toISOString(),
    position: Number(position),
  }))
}
