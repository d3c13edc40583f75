// The read model of conversations: what they are, and how far their streams have been folded.
import { sql, type RawBuilder } from 'kysely'
import type { Retention } from '../domain/index.ts'
import { idIn } from '../eventstore/index.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

interface Columns {
  conversation: string
  kind: 'direct' | 'group'
  name: string | null
  member_limit: number
  delivered: boolean
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
  version: 1,
  // a message touches no row here: its seq is with the messages
  tables: `
    create table conversation (
      conversation text collate "C" primary key,
      kind text not null,
      name text,
      member_limit integer not null,
      delivered boolean not null,
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
        member_limit: data.memberLimit,
        delivered: data.delivered,
        retention: data.retention,
        started_at: data.at,
        position,
        seq: revision,
      }))
      await sql`insert into ${db.table('conversation')} select * from ${recordset(rows, rowColumns)}
        on conflict (conversation) do nothing`.execute(db.kysely)
    }

    const moved = new Map<string, { conversation: string; seq: number; member_limit: number | null }>()
    for (const event of only(events, 'MemberJoined', 'MemberLeft', 'HistoryImported')) {
      const id = idIn(event.stream)
      const limit = event.type === 'HistoryImported' ? event.data.memberLimit : (moved.get(id)?.member_limit ?? null)
      moved.set(id, { conversation: id, seq: event.revision, member_limit: limit })
    }
    if (moved.size > 0)
      await sql`update ${db.table('conversation')} as c
        set seq = r.seq, member_limit = coalesce(r.member_limit, c.member_limit)
        from ${recordset([...moved.values()], movedColumns)} where c.conversation = r.conversation`.execute(db.kysely)
  },
}

const rowColumns = columns(
  `conversation text, kind text, name text, member_limit integer, delivered boolean, retention jsonb,
   started_at timestamptz, position bigint, seq integer`,
)
const movedColumns = columns('conversation text, seq integer, member_limit integer')

/** What a conversation is, with `seq` its last event of all. */
export type ConversationColumns = Omit<Columns, 'started_at' | 'position'>

const described = (db: Db): RawBuilder<ConversationColumns> => sql`
  select c.conversation, c.kind, c.name, c.member_limit, c.delivered, c.retention, greatest(c.seq, (
    select m.seq from ${db.table('message')} m where m.conversation = c.conversation order by m.seq desc limit 1)) as seq
  from ${db.table('conversation')} c`

export const conversationsById = (db: Db, ids: readonly string[]): Promise<ConversationColumns[]> =>
  rowsOf(db, sql<ConversationColumns>`${described(db)} where c.conversation = any(${ids}::text[])`)

/** All of them in the order of their ids, a page. */
export const conversationsAfter = (db: Db, after: string, limit: number): Promise<ConversationColumns[]> =>
  rowsOf(
    db,
    sql<ConversationColumns>`${described(db)} where c.conversation > ${after} order by c.conversation limit ${limit}`,
  )
