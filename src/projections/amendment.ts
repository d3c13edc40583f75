// The read model of amendments: what changed about what was there. Kept as the log tells it, so that what is missed can be told
// as it would have been.
import { sql, type RawBuilder } from 'kysely'
import { idIn, type Position, type Recorded, type RecordedEvent } from '../eventstore/index.ts'
import type { AmendingEvent, AmendmentRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import type { MessageFailure } from './delivery-api.ts'
import { wasIn } from './membership.ts'
import { pageOf, type Paged } from './page.ts'
import type { ReadModel } from './read-model.ts'

export const amendingTypes = [
  'MemberRoleChanged',
  'ConversationRenamed',
  'RetentionChanged',
  'DeliveredMarksChanged',
  'MessageEdited',
  'MessageRetracted',
  'ReactionAdded',
  'ReactionRemoved',
  'DeliveryFailed',
] as const satisfies readonly AmendingEvent['type'][]

const types: ReadonlySet<string> = new Set(amendingTypes)

export const isAmending = (event: RecordedEvent): event is AmendingEvent => types.has(event.type)

export const amendmentOf = ({ stream, revision, position, id, type, data }: AmendingEvent) =>
  ({ conversation: idIn(stream), seq: revision, position, id, type, data }) as AmendmentRow

interface AmendmentColumns {
  conversation: string
  seq: number
  position: string
  id: string
  type: AmendmentRow['type']
  /** Of which message; null: of the conversation. */
  message: string | null
  message_seq: number | null
  data: AmendmentRow['data']
}

declare module './database.ts' {
  interface Tables {
    amendment: AmendmentColumns
  }
}

export const amendment: ReadModel = {
  name: 'amendment',
  version: 2,
  tables: `
    create table amendment (
      conversation text collate "C" not null,
      seq integer not null,
      position bigint not null,
      id text collate "C" not null,
      type text collate "C" not null,
      message text collate "C",
      message_seq integer,
      data jsonb not null,
      primary key (conversation, seq)
    );
    create index amendment_position on amendment (conversation, position);
    create index amendment_id on amendment (id, position) where message_seq is not null;
    create index amendment_message on amendment (conversation, message_seq, type, seq) where message_seq is not null;`,

  async fold(db, events) {
    const rows = events.filter(isAmending).map(event => {
      const [message, message_seq] =
        'message' in event.data ? [event.data.message, event.data.messageSeq] : [null, null]
      return { ...amendmentOf(event), message, message_seq }
    })
    if (rows.length === 0) return
    await sql`insert into ${db.table('amendment')} select r.* from ${recordset(rows, rowColumns)}
      join ${db.table('conversation')} c on c.conversation = r.conversation and c.position < r.position
      where r.message_seq is null or exists (select from ${db.table('message')} m where m.conversation = r.conversation
        and m.seq = r.message_seq and m.seq < r.seq and m.id = r.message)`.execute(db.kysely)
  },
}

const rowColumns = columns(
  'conversation text, seq integer, position bigint, id text, type text, message text, message_seq integer, data jsonb',
)

/** Whether the message `m` was given up on for somebody, given in SQL. */
export const failedFor = (db: Db, user: RawBuilder<unknown>): RawBuilder<boolean> => sql<boolean>`exists (
  select from ${db.table('amendment')} f where f.conversation = m.conversation and f.message_seq = m.seq
    and f.type = 'DeliveryFailed' and f.data->>'to' = ${user})`

/** For whom a message was given up on, in the order in which it was. */
export async function failuresOf(db: Db, message: { conversation: string; seq: number }): Promise<MessageFailure[]> {
  const rows = await rowsOf(
    db,
    sql<{ data: Recorded<'DeliveryFailed'>['data'] }>`
      select f.data from ${db.table('amendment')} f where f.conversation = ${message.conversation}
        and f.message_seq = ${message.seq} and f.type = 'DeliveryFailed' order by f.seq`,
  )
  return rows.map(({ data: { to: user, reason, attempts, at } }) => ({ user, reason, attempts, at }))
}

/**
 * What was amended after a position in the conversations somebody was in at the time; of messages, those they may see. That
 * a message was given up on is its author's to know.
 */
export async function amendmentsSince(
  db: Db,
  user: string,
  after: Position,
  upTo: Position,
  limit: number,
): Promise<Paged<AmendmentRow>> {
  const { rows, more } = await pageOf(
    db,
    sql<AmendmentColumns>`
      select a.* from ${db.table('membership')} i cross join lateral (
        select a.* from ${db.table('amendment')} a where a.conversation = i.conversation
          and a.position > greatest(i.joined_position, ${after}) and a.position <= least(i.left_position, ${upTo})
          and (a.message_seq is null or ${wasIn(db, user, sql.ref('a.conversation'), sql.ref('a.message_seq'))})
          and (a.type <> 'DeliveryFailed' or a.data->>'from' = ${user})
        order by a.position limit ${limit}) a
      where i.user_id = ${user} and i.joined_position <= ${upTo} and (i.left_position is null or i.left_position > ${after})
      order by a.position limit ${limit}`,
    sql`pg_column_size(p.data)`,
    limit,
  )
  const rowOf = ({ conversation, seq, position, id, type, data }: AmendmentColumns) =>
    ({ conversation, seq, position: Number(position), id, type, data }) as AmendmentRow
  return { rows: rows.map(rowOf), more }
}
