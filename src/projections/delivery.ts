// The read model of what waits to be acknowledged. It has no table: what waits is what is after a member's mark.
import { sql, type RawBuilder } from 'kysely'
import type { Position } from '../eventstore/index.ts'
import { failedFor } from './amendment.ts'
import type { MessageRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import type { LateRow } from './delivery-api.ts'
import { endless, messageColumns, othersBetween, type MessageColumns } from './message.ts'
import { pagesOf, type Paged } from './page.ts'
import { markOf } from './receipt.ts'
import { becameColumns, messageAsSeen, retractionOf, whatBecameOf, type BecameColumns } from './seen.ts'

/** What is asked of whom, in SQL. `here` narrows it to one conversation. */
interface Asked {
  readonly user: RawBuilder<unknown>
  readonly after: RawBuilder<unknown>
  readonly upTo: RawBuilder<unknown>
  readonly limit: RawBuilder<unknown>
  readonly here: RawBuilder<unknown>
}

/**
 * Messages `m` of others that no device of this person has acknowledged, where delivered marks are kept. Within a conversation seq
 * and position rise together: where it begins `after` is one look into an index.
 */
function waitingFor(db: Db, { user, after, upTo, limit, here }: Asked): RawBuilder<unknown> {
  const past = sql`coalesce((select a.seq from ${db.table('message')} a where a.conversation = i.conversation
    and a.position > ${after} order by a.position limit 1), ${endless}::integer)`
  const first = sql`greatest(i.joined_seq, k.delivered + 1, c.delivered_from)`
  const from = sql`case when ${after} < 0 then ${first} else greatest(${first}, ${past}) end`
  const to = sql`coalesce(i.left_seq, ${endless}::integer)`
  return sql`
    select m.* from ${db.table('membership')} i
    join ${db.table('conversation')} c on c.conversation = i.conversation and c.delivered
    cross join lateral (${markOf(db)}) k
    cross join lateral (
      select ${messageColumns('m')} from ${db.table('message')} m where m.conversation = i.conversation
        and m.seq >= ${from} and m.seq < ${to} and m.author <> i.user_id and m.position <= ${upTo} and not m.imported
        and not ${failedFor(db, sql.ref('i.user_id'))}
      order by m.seq limit ${limit}) m
    where i.user_id = ${user} ${here} and ${from} < ${to}
      and ${othersBetween(db, { conversation: sql`i.conversation`, user: sql`i.user_id`, from, to })} > 0
    order by m.position limit ${limit}`
}

export async function undeliveredTo(
  db: Db,
  user: string,
  upTo: Position,
  limit: number,
  conversation: string | null,
): Promise<MessageRow[]> {
  const here = conversation === null ? sql`` : sql`and i.conversation = ${conversation}`
  const asked = { user: sql`${user}`, after: sql`-1`, upTo: sql`${upTo}`, limit: sql`${limit}`, here }
  const rows = await rowsOf(
    db,
    sql<MessageColumns & BecameColumns>`
      select m.*, ${becameColumns} from (${waitingFor(db, asked)}) m ${whatBecameOf(db, user)} order by m.position`,
  )
  return rows.map(messageAsSeen)
}

/** A page of them after a position, for several people at once. */
export async function unacknowledgedBy(
  db: Db,
  questions: readonly { user: string; after: Position; upTo: Position; limit: number }[],
): Promise<Paged<MessageRow>[]> {
  const who = questions.map(({ user, after, upTo, limit }, n) => ({
    n,
    user_id: user,
    after,
    up_to: upTo,
    most: limit,
  }))
  const asked = { user: sql`r.user_id`, after: sql`r.after`, upTo: sql`r.up_to`, limit: sql`r.most`, here: sql`` }
  const pages = await pagesOf(
    db,
    sql<MessageColumns & BecameColumns & { n: number }>`
      select r.n, m.*, ${becameColumns} from ${recordset(who, askedColumns)}
      cross join lateral (${waitingFor(db, asked)}) m ${whatBecameOf(db, sql`r.user_id`)}`,
    sql`octet_length(p.box) + coalesce(octet_length(p.edited_box), 0)`,
    questions.map(({ limit }) => limit),
  )
  return pages.map(({ rows, more }) => ({ rows: rows.map(messageAsSeen), more }))
}

const askedColumns = columns('n integer, user_id text, after bigint, up_to bigint, most integer')

export async function keepingMarks(db: Db, conversations: readonly string[]): Promise<string[]> {
  const rows = await rowsOf(
    db,
    sql<{ conversation: string }>`select c.conversation from ${db.table('conversation')} c
      where c.conversation = any(${conversations}::text[]) and c.delivered`,
  )
  return rows.map(row => row.conversation)
}

export async function acknowledgedBy(db: Db, conversation: string, user: string): Promise<number> {
  const rows = await rowsOf(
    db,
    sql<{ delivered: number }>`select k.delivered
      from (select ${conversation}::text as conversation, ${user}::text as user_id) i cross join lateral (${markOf(db)}) k`,
  )
  return rows[0]!.delivered
}

/** Looks at each message once: where it stands in `$all` decides, so that what was looked at needs no mark. */
export async function lateAfter(db: Db, after: Position, until: string, limit: number) {
  const page = await rowsOf(
    db,
    sql<{ position: string; at: Date; imported: boolean }>`select m.position, m.at, m.imported
      from ${db.table('message')} m where m.position > ${after} order by m.position limit ${limit}`,
  )
  const young = page.findIndex(({ at, imported }) => !imported && at.toISOString() > until)
  const due = young < 0 ? page : page.slice(0, young)
  const examined = due.length === 0 ? after : Number(due.at(-1)!.position)
  const late = due.length === 0 ? [] : await unacknowledgedIn(db, after, examined)
  return { late, examined, next: young < 0 ? undefined : page[young]!.at.toISOString() }
}

/** Marks are looked up once for each member of a conversation, however many messages of it there are. */
const unacknowledgedIn = (db: Db, after: Position, upTo: Position): Promise<LateRow[]> =>
  rowsOf(
    db,
    sql<LateRow>`
      with m as materialized (
        select m.conversation, m.seq, m.id, m.author, m.position from ${db.table('message')} m
        ${retractionOf(db)}
        where m.position > ${after} and m.position <= ${upTo} and not m.imported and t.retracted_at is null),
      i as materialized (
        select i.conversation, i.user_id, i.joined_seq, k.delivered, c.delivered_from
        from (select distinct conversation from m) d
        join ${db.table('conversation')} c on c.conversation = d.conversation and c.delivered
        join ${db.table('membership')} i on i.conversation = c.conversation and i.left_seq is null
        cross join lateral (${markOf(db)}) k)
      select m.conversation, m.id as message, i.user_id as "to" from m
      join i on i.conversation = m.conversation and i.user_id <> m.author
        and m.seq >= greatest(i.joined_seq, i.delivered + 1, i.delivered_from)
      where not ${failedFor(db, sql.ref('i.user_id'))}
      order by m.position, i.user_id`,
  )
