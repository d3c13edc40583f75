// The read model of memberships: who was in which conversation, from which event until before which.
import { sql } from 'kysely'
import { idIn, type Position, type Recorded } from '../eventstore/index.ts'
import type { Role } from '../domain/index.ts'
import type { MemberChangeRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

interface MemberColumns<Time, Place> {
  user_id: string
  conversation: string
  /** Now, or when it ended. */
  role: Role
  joined_seq: number
  joined_at: Time
  joined_position: Place
  joined_as: Role
  invited_by: string | null
  left_seq: number | null
  left_at: Time | null
  left_position: Place | null
  /** Null where the member left. */
  removed_by: string | null
}

declare module './database.ts' {
  interface Tables {
    membership: MemberColumns<Date, string>
  }
}

type Interval = MemberColumns<string, number>

export const membership: ReadModel = {
  name: 'membership',
  version: 2,
  // within a conversation seq and position rise together, so an interval of one is an interval of the other
  tables: `
    create table membership (
      user_id text collate "C" not null,
      conversation text collate "C" not null,
      role text not null,
      joined_seq integer not null,
      joined_at timestamptz(3) not null,
      joined_position bigint not null,
      joined_as text not null,
      invited_by text collate "C",
      left_seq integer,
      left_at timestamptz(3),
      left_position bigint,
      removed_by text collate "C",
      primary key (user_id, conversation, joined_seq)
    );
    create index membership_joined on membership (conversation, joined_position);
    create index membership_left on membership (conversation, left_position);`,

  async fold(db, events) {
    const changes = only(events, ...changing).flatMap(changesOf)
    if (changes.length === 0) return
    const open = new Map((await openIntervals(db, changes)).map(row => [key(row), row]))
    const touched = new Set<Interval>()
    for (const change of changes) {
      const present = open.get(key(change))
      if (present) {
        Object.assign(present, change.whenIn)
        if (change.ends) open.delete(key(change))
        touched.add(present)
      } else if (change.opens) {
        open.set(key(change), change.opens)
        touched.add(change.opens)
      }
    }
    await sql`insert into ${db.table('membership')}
      select r.* from ${recordset([...touched], intervalColumns)}
      join ${db.table('conversation')} c on c.conversation = r.conversation and c.position <= r.joined_position
      on conflict (user_id, conversation, joined_seq) do update set role = excluded.role, left_seq = excluded.left_seq,
        left_at = excluded.left_at, left_position = excluded.left_position, removed_by = excluded.removed_by`.execute(
      db.kysely,
    )
  },
}

const intervalColumns = columns(
  `user_id text, conversation text, role text, joined_seq integer, joined_at timestamptz, joined_position bigint,
   joined_as text, invited_by text, left_seq integer, left_at timestamptz, left_position bigint, removed_by text`,
)

const key = (row: { conversation: string; user_id: string }): string => `${row.conversation}\n${row.user_id}`

const changing = ['ConversationStarted', 'MemberJoined', 'MemberLeft', 'MemberRemoved', 'MemberRoleChanged'] as const

/** What an event says about one person: what becomes of the time they are in, and the time that begins where they are not. */
interface Change {
  readonly conversation: string
  readonly user_id: string
  readonly whenIn: Partial<Interval>
  readonly ends?: true
  readonly opens?: Interval
}

function changesOf(event: Recorded<(typeof changing)[number]>): Change[] {
  const conversation = idIn(event.stream)
  const { revision, position } = event
  const { at } = event.data
  const comes = (user: string, role: Role, invitedBy: string | null): Change => ({
    conversation,
    user_id: user,
    whenIn: { role },
    opens: {
      user_id: user,
      conversation,
      role,
      joined_seq: revision,
      joined_at: at,
      joined_position: position,
      joined_as: role,
      invited_by: invitedBy,
      left_seq: null,
      left_at: null,
      left_position: null,
      removed_by: null,
    },
  })
  const goes = (user: string, removedBy: string | null): Change => ({
    conversation,
    user_id: user,
    whenIn: { left_seq: revision, left_at: at, left_position: position, removed_by: removedBy },
    ends: true,
  })
  switch (event.type) {
    case 'ConversationStarted':
      return event.data.members.map(({ user, role }) => comes(user, role, null))
    case 'MemberJoined':
      return [comes(event.data.user, event.data.role, event.data.invitedBy)]
    case 'MemberLeft':
      return [goes(event.data.user, null)]
    case 'MemberRemoved':
      return [goes(event.data.user, event.data.by)]
    case 'MemberRoleChanged':
      return [{ conversation, user_id: event.data.user, whenIn: { role: event.data.role } }]
  }
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

/** Members of these conversations, present (with role) and former (without), in the order in which they last came in. */
export function membersOf(db: Db, conversations: readonly string[]) {
  return rowsOf(
    db,
    sql<{ conversation: string; user_id: string; role: Role | null }>`
      select i.conversation, i.user_id, max(i.role) filter (where i.left_position is null) as role
      from ${db.table('membership')} i where i.conversation = any(${conversations}::text[])
      group by i.conversation, i.user_id order by i.conversation, max(i.joined_position), i.user_id`,
  )
}

/** Whether somebody was a member at a seq; all three are SQL, or values. */
export const wasIn = (db: Db, user: unknown, conversation: unknown, seq: unknown) => sql<boolean>`exists (
  select from ${db.table('membership')} v where v.user_id = ${user} and v.conversation = ${conversation}
    and v.joined_seq <= ${seq} and (v.left_seq is null or v.left_seq > ${seq}))`

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
    sql<Omit<MemberChangeRow, 'at' | 'position'> & { at: Date; position: string }>`
      select o.* from ${t} i cross join lateral (
        (select o.conversation, o.joined_seq as seq, o.user_id as "user", 'joined' as change, o.joined_as as role,
          o.invited_by as by, o.joined_at as at, o.joined_position as position
          from ${t} o where o.conversation = i.conversation and (o.joined_seq > 0 or o.user_id = i.user_id)
            and o.joined_position > ${after} and o.joined_position >= i.joined_position
            and o.joined_position <= least(i.left_position, ${upTo})
          order by o.joined_position limit ${limit})
        union all
        (select o.conversation, o.left_seq, o.user_id, case when o.removed_by is null then 'left' else 'removed' end, null,
          o.removed_by, o.left_at, o.left_position
          from ${t} o where o.conversation = i.conversation
            and o.left_position > greatest(i.joined_position, ${after}) and o.left_position <= least(i.left_position, ${upTo})
          order by o.left_position limit ${limit})) o
      where i.user_id = ${user} and i.joined_position <= ${upTo} and (i.left_position is null or i.left_position > ${after})
      order by o.position limit ${limit}`,
  )
  return rows.map(row => ({ ...row, at: row.at.toISOString(), position: Number(row.position) }))
}
