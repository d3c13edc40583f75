// The read model of conversations: what they are, and how far their streams have been folded.
import { sql, type RawBuilder } from 'kysely'
import type { Retention } from '../domain/index.ts'
import { idIn, type Recorded } from '../eventstore/index.ts'
import { amendingTypes } from './amendment.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

interface Columns {
  conversation: string
  kind: 'direct' | 'group'
  name: string | null
  /** What it was called when it started. */
  first_name: string | null
  member_limit: number
  delivered: boolean
  /** From which seq on, since they were last switched on. */
  delivered_from: number
  retention: Retention
  started_at: Date
  /** Where it started in `$all`. */
  position: string
  /** Its last event that is no message. */
  seq: number
}

declare module './database.ts' {
  interface Tables {
    conversation: Columns
  }
}

export const conversation: ReadModel = {
  name: 'conversation',
  version: 3,
  // a message touches no row here: its seq is with the messages
  tables: `
    create table conversation (
      conversation text collate "C" primary key,
      kind text not null,
      name text,
      first_name text,
      member_limit integer not null,
      delivered boolean not null,
      delivered_from integer not null,
      retention jsonb not null,
      started_at timestamptz(3) not null,
      position bigint not null,
      seq integer not null
    );`,

  async fold(db, events) {
    const started = only(events, 'ConversationStarted')
    if (started.length > 0) {
      const rows = started.map(({ stream, revision, position, data }) => ({
        conversation: idIn(stream),
        kind: data.kind,
        name: data.name,
        first_name: data.name,
        member_limit: data.memberLimit,
        delivered: data.delivered,
        delivered_from: revision,
        retention: data.retention,
        started_at: data.at,
        position,
        seq: revision,
      }))
      await sql`insert into ${db.table('conversation')} select * from ${recordset(rows, rowColumns)}
        on conflict (conversation) do nothing`.execute(db.kysely)
    }

    const moved = new Map<string, Moved>()
    for (const event of only(events, ...movers)) {
      const id = idIn(event.stream)
      moved.set(id, { ...(moved.get(id) ?? unmoved(id)), seq: event.revision, ...whatItSets(event) })
    }
    if (moved.size > 0)
      await sql`update ${db.table('conversation')} as c
        set seq = r.seq, member_limit = coalesce(r.member_limit, c.member_limit),
          name = case when r.renamed then r.name else c.name end, retention = coalesce(r.retention, c.retention),
          delivered = coalesce(r.delivered, c.delivered), delivered_from = coalesce(r.delivered_from, c.delivered_from)
        from ${recordset([...moved.values()], movedColumns)}
        where c.conversation = r.conversation and c.seq < r.seq`.execute(db.kysely)
  },
}

const rowColumns = columns(
  `conversation text, kind text, name text, first_name text, member_limit integer, delivered boolean, delivered_from integer, retention jsonb,
   started_at timestamptz, position bigint, seq integer`,
)

/** Every event of a conversation's stream that is no message and not its start. */
const movers = ['MemberJoined', 'MemberLeft', 'MemberRemoved', ...amendingTypes, 'HistoryImported'] as const

/** Null: as it was. */
interface Moved {
  readonly conversation: string
  readonly seq: number
  readonly member_limit: number | null
  readonly renamed: boolean
  readonly name: string | null
  readonly retention: Retention | null
  readonly delivered: boolean | null
  readonly delivered_from: number | null
}
const movedColumns = columns(
  `conversation text, seq integer, member_limit integer, renamed boolean, name text, retention jsonb, delivered boolean,
   delivered_from integer`,
)

const unmoved = (conversation: string): Moved => ({
  conversation,
  seq: -1,
  member_limit: null,
  renamed: false,
  name: null,
  retention: null,
  delivered: null,
  delivered_from: null,
})

function whatItSets(event: Recorded<(typeof movers)[number]>): Partial<Moved> {
  switch (event.type) {
    case 'HistoryImported':
      return { member_limit: event.data.memberLimit }
    case 'ConversationRenamed':
      return { renamed: true, name: event.data.name }
    case 'RetentionChanged':
      return { retention: event.data.retention }
    case 'DeliveredMarksChanged':
      return { delivered: event.data.delivered, ...(event.data.delivered ? { delivered_from: event.revision } : {}) }
    default:
      return {}
  }
}

/** What a conversation is, with `seq` its last event of all. */
export type ConversationColumns = Omit<Columns, 'started_at' | 'position' | 'delivered_from' | 'first_name'> & {
  /** How far all read models are. */
  as_of: string
}

/** What the group `c` was called at a position; where that is null, what the conversation is called now. */
export const nameAt = (db: Db, position: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  case when ${position} is null then c.name else coalesce((
    select a.data->>'name' from ${db.table('amendment')} a where a.conversation = c.conversation
      and a.type = 'ConversationRenamed' and a.position <= ${position} order by a.position desc limit 1), c.first_name) end`

const described = (db: Db): RawBuilder<ConversationColumns> => sql`
  select c.conversation, c.kind, c.name, c.member_limit, c.delivered, c.retention, greatest(c.seq, (
    select m.seq from ${db.table('message')} m where m.conversation = c.conversation order by m.seq desc limit 1)) as seq,
    (select p.position from ${db.table('checkpoint')} p) as as_of
  from ${db.table('conversation')} c`

export const conversationsById = (db: Db, ids: readonly string[]): Promise<ConversationColumns[]> =>
  rowsOf(db, sql<ConversationColumns>`${described(db)} where c.conversation = any(${ids}::text[])`)

/** All of them in the order of their ids, a page. */
export const conversationsAfter = (db: Db, after: string, limit: number): Promise<ConversationColumns[]> =>
  rowsOf(
    db,
    sql<ConversationColumns>`${described(db)} where c.conversation > ${after} order by c.conversation limit ${limit}`,
  )
