// The read model of receipts: each move of a device's watermarks is evidence, and where each device's marks stand now.
import { sql, type RawBuilder } from 'kysely'
import { idIn, type Position, type Recorded } from '../eventstore/index.ts'
import type { ReceiptRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import type { MessageReceipt } from './delivery-api.ts'
import { only, type ReadModel } from './read-model.ts'

interface MoveColumns {
  conversation: string
  user_id: string
  device: string
  kind: 'delivered' | 'read'
  up_to: number
  at: Date
  position: string
  /** Whether it raised the mark of its member, not of its device alone. */
  raises: boolean
}

interface Marks {
  conversation: string
  user_id: string
  device: string
  delivered: number
  read: number
}

declare module './database.ts' {
  interface Tables {
    receipt: MoveColumns
    receipt_mark: Marks
  }
}

export const receipt: ReadModel = {
  name: 'receipt',
  version: 1,
  // two moves of one device's mark never have the same up_to: a mark only rises
  tables: `
    create table receipt (
      conversation text collate "C" not null,
      user_id text collate "C" not null,
      device text collate "C" not null,
      kind text collate "C" not null,
      up_to integer not null,
      at timestamptz(3) not null,
      position bigint not null,
      raises boolean not null,
      primary key (conversation, user_id, device, kind, up_to)
    );
    create index receipt_raises on receipt (conversation, position) where raises;
    create table receipt_mark (
      conversation text collate "C" not null,
      user_id text collate "C" not null,
      device text collate "C" not null,
      delivered integer not null,
      read integer not null,
      primary key (conversation, user_id, device)
    ) with (fillfactor = 70);`,

  async fold(db, events, memory) {
    const told = only(events, 'MessagesDelivered', 'MessagesRead')
    if (told.length === 0) return
    const members = memory.of<Member>('receipt', membersRemembered)
    await addMarks(db, told, members)
    const touched = new Set<Marks>()
    const moves = []
    for (const { type, stream, position, data } of told) {
      const kind = type === 'MessagesRead' ? 'read' : 'delivered'
      const place = { conversation: idIn(stream), user_id: data.user, device: data.device }
      const member = members.get(memberKey(place))!
      const device = member.devices.get(data.device) ?? { ...place, delivered: -1, read: -1 }
      member.devices.set(data.device, device)
      if (data.upTo <= device[kind]) continue // two boxes may tell the same move: the mark is monotonic by fold
      moves.push({ ...place, kind, up_to: data.upTo, at: data.at, position, raises: data.upTo > member[kind] })
      const marks = { delivered: data.upTo, read: kind === 'read' ? data.upTo : -1 } // what is read is delivered
      raise(device, marks)
      raise(member, marks)
      touched.add(device)
    }
    if (moves.length === 0) return
    await sql`
      with moves as (insert into ${db.table('receipt')} select * from ${recordset(moves, moveColumns)})
      insert into ${db.table('receipt_mark')} select * from ${recordset([...touched], markColumns)}
      on conflict (conversation, user_id, device) do update
      set delivered = excluded.delivered, read = excluded.read`.execute(db.kysely)
  },
}

const moveColumns = columns(
  'conversation text, user_id text, device text, kind text, up_to integer, at timestamptz, position bigint, raises boolean',
)
const markColumns = columns('conversation text, user_id text, device text, delivered integer, read integer')

/** The highest marks of a member's devices, and each device's. */
interface Member {
  delivered: number
  read: number
  readonly devices: Map<string, Marks>
}
const membersRemembered = 20_000

const memberKey = (of: { conversation: string; user_id: string }): string => `${of.conversation}\n${of.user_id}`

function raise(marks: { delivered: number; read: number }, to: { delivered: number; read: number }): void {
  marks.delivered = Math.max(marks.delivered, to.delivered)
  marks.read = Math.max(marks.read, to.read)
}

/** Looks up the marks of the members that these events are about and that are not known. */
async function addMarks(
  db: Db,
  told: readonly Recorded<'MessagesDelivered' | 'MessagesRead'>[],
  members: Map<string, Member>,
): Promise<void> {
  const asked: { conversation: string; user_id: string }[] = []
  for (const { stream, data } of told) {
    const member = { conversation: idIn(stream), user_id: data.user }
    const key = memberKey(member)
    if (members.has(key)) continue
    members.set(key, { delivered: -1, read: -1, devices: new Map() })
    asked.push(member)
  }
  if (asked.length === 0) return
  const rows = await rowsOf(
    db,
    sql<Marks>`select k.* from ${recordset(asked, columns('conversation text, user_id text'))}
      join ${db.table('receipt_mark')} k on k.conversation = r.conversation and k.user_id = r.user_id`,
  )
  for (const marks of rows) {
    const member = members.get(memberKey(marks))!
    member.devices.set(marks.device, marks)
    raise(member, marks)
  }
}

export async function marksOf(db: Db, of: readonly { conversation: string; user: string; device: string }[]) {
  const rows = await rowsOf(
    db,
    sql<Marks>`select k.* from ${recordset(of, columns('conversation text, "user" text, device text'))}
      join ${db.table('receipt_mark')} k on k.conversation = r.conversation and k.user_id = r."user" and k.device = r.device`,
  )
  return rows.map(({ user_id, ...marks }) => ({ ...marks, user: user_id }))
}

/** The marks of the member that `i` (a membership) is of: the highest of their devices'; -1 where there is none. */
export const markOf = (db: Db): RawBuilder<unknown> => sql`
  select coalesce(max(d.delivered), -1) as delivered, coalesce(max(d.read), -1) as read from ${db.table('receipt_mark')} d
  where d.conversation = i.conversation and d.user_id = i.user_id`

/** Who got a message and who read it, of those who were members when it was said; its author is not among them. */
export async function receiptsFor(
  db: Db,
  message: { conversation: string; seq: number; from: string },
): Promise<MessageReceipt[]> {
  const first = (kind: 'delivered' | 'read') => sql`
    select f.position, f.at from ${db.table('receipt')} f where f.conversation = k.conversation and f.user_id = k.user_id
      and f.device = k.device and f.kind = ${kind} and f.up_to >= ${message.seq} order by f.up_to limit 1`
  const rows = await rowsOf(
    db,
    sql<{ user_id: string; device: string; delivered: Date; read: Date | null }>`
      select k.user_id, k.device, read.at as read,
        case when read.position < coalesce(got.position, ${Number.MAX_SAFE_INTEGER}) then read.at else got.at end as delivered
      from ${db.table('receipt_mark')} k
      left join lateral (${first('delivered')}) got on true left join lateral (${first('read')}) read on true
      where k.conversation = ${message.conversation} and k.delivered >= ${message.seq} and k.user_id <> ${message.from}
        and exists (select from ${db.table('membership')} i where i.user_id = k.user_id and i.conversation = k.conversation
          and i.joined_seq <= ${message.seq} and (i.left_seq is null or i.left_seq > ${message.seq}))
      order by k.user_id, k.device`,
  )
  return rows.map(({ user_id, device, delivered, read }) => ({
    user: user_id,
    device,
    delivered: delivered.toISOString(),
    read: read?.toISOString() ?? null,
  }))
}

/** The moves after a position that raised a member's mark, in the conversations somebody was in at the time. */
export async function receiptsSince(
  db: Db,
  user: string,
  after: Position,
  upTo: Position,
  limit: number,
): Promise<ReceiptRow[]> {
  const rows = await rowsOf(
    db,
    sql<MoveColumns>`
      select f.* from (
        select f.conversation, f.position from ${db.table('membership')} i cross join lateral (
          select f.conversation, f.position from ${db.table('receipt')} f where f.conversation = i.conversation and f.raises
            and f.position > greatest(i.joined_position, ${after}) and f.position <= least(i.left_position, ${upTo})
          order by f.conversation, f.position limit ${limit}) f
        where i.user_id = ${user} and i.joined_position <= ${upTo} and (i.left_position is null or i.left_position > ${after})
        order by f.position limit ${limit}) p
      join ${db.table('receipt')} f on f.conversation = p.conversation and f.position = p.position and f.raises
      order by f.position`,
  )
  return rows.map(({ conversation, user_id, device, kind, up_to, at, position }) => ({
    conversation,
    user: user_id,
    device,
    kind,
    upTo: up_to,
    at: at.toISOString(),
    position: Number(position),
  }))
}
