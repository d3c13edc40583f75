// The read model of messages: each with its place, its sealed content, and its number among all and among its author's.
import { sql, type RawBuilder } from 'kysely'
import { idIn, type Position, type Recorded } from '../eventstore/index.ts'
import type { MessageRow } from './api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

interface Columns {
  conversation: string
  seq: number
  id: string
  author: string
  at: Date
  expires_at: Date | null
  key: string
  box: string
  position: string
  /** Part of a history from elsewhere: nobody waits for it. */
  imported: boolean
  /** The how-many-eth message of its conversation. */
  ordinal: number
  /** The how-many-eth message of its author in its conversation. */
  author_ordinal: number
}

declare module './database.ts' {
  interface Tables {
    message: Columns
  }
}

export const message: ReadModel = {
  name: 'message',
  version: 4,
  // the index on time is for analysts; BRIN, for it costs next to nothing where rows come in the order of time
  tables: `
    create table message (
      conversation text collate "C" not null,
      seq integer not null,
      id text collate "C" not null,
      author text collate "C" not null,
      at timestamptz(3) not null,
      expires_at timestamptz(3),
      key text not null,
      box text not null,
      position bigint not null,
      imported boolean not null,
      ordinal integer not null,
      author_ordinal integer not null,
      primary key (conversation, seq)
    );
    create index message_author on message (conversation, author, seq);
    create index message_position on message (conversation, position);
    create index message_place on message (position);
    create index message_id on message (id, position);
    create index message_at on message using brin (at);
    create index message_expiry on message (expires_at) where expires_at is not null;`,

  async fold(db, events, memory) {
    const said = only(events, 'MessageSent')
    if (said.length === 0) return
    const known = memory.of<Counts>('message', conversationsRemembered)
    await count(db, said, known)
    const rows = said.flatMap(({ stream, revision, position, id, data, metadata }) => {
      const conversation = idIn(stream)
      const counts = known.get(conversation)
      if (counts === undefined || counts.position >= position) return []
      const author_ordinal = (counts.authors.get(data.from) ?? 0) + 1
      counts.authors.set(data.from, author_ordinal)
      return {
        conversation,
        seq: revision,
        id,
        author: data.from,
        at: data.at,
        expires_at: data.expiresAt ?? null,
        key: data.content.key,
        box: data.content.box,
        position,
        imported: metadata.origin === 'system',
        ordinal: ++counts.messages,
        author_ordinal,
      }
    })
    if (rows.length === 0) return
    await sql`insert into ${db.table('message')} select * from ${recordset(rows, rowColumns)}`.execute(db.kysely)
  },
}

const rowColumns = columns(
  'conversation text, seq integer, id text, author text, at timestamptz, expires_at timestamptz, key text, box text, position bigint, imported boolean, ordinal integer, author_ordinal integer',
)

/** Where a conversation started in `$all`, and how many messages it has: in all, and of those of its authors that were asked about. */
interface Counts {
  readonly position: Position
  messages: number
  readonly authors: Map<string, number>
}
const conversationsRemembered = 20_000

/** Looks up what is not known of these messages' conversations and authors. Left out is what has not started. */
async function count(db: Db, said: readonly Recorded<'MessageSent'>[], known: Map<string, Counts>): Promise<void> {
  const unknown = new Map<string, { conversation: string; author: string }>()
  for (const { stream, data } of said) {
    const conversation = idIn(stream)
    if (known.get(conversation)?.authors.has(data.from)) continue
    unknown.set(`${conversation}\n${data.from}`, { conversation, author: data.from })
  }
  if (unknown.size === 0) return
  const last = (
    ordinal: string,
    author: RawBuilder<unknown>,
  ) => sql`coalesce((select m.${sql.raw(ordinal)} from ${db.table('message')} m
    where m.conversation = c.conversation ${author} order by m.seq desc limit 1), 0)`
  const rows = await rowsOf(
    db,
    sql<{ conversation: string; author: string; position: string; messages: number; own: number }>`
      select c.conversation, r.author, c.position, ${last('ordinal', sql``)} as messages,
        ${last('author_ordinal', sql`and m.author = r.author`)} as own
      from ${recordset([...unknown.values()], columns('conversation text, author text'))}
      join ${db.table('conversation')} c on c.conversation = r.conversation`,
  )
  for (const { conversation, author, position, messages, own } of rows) {
    const counts = known.get(conversation) ?? {
      position: Number(position),
      messages,
      authors: new Map<string, number>(),
    }
    known.set(conversation, counts)
    counts.authors.set(author, own)
  }
}

/** A message's columns as the database gives them. */
export type MessageColumns = Omit<Columns, 'imported' | 'ordinal' | 'author_ordinal'>
export const messageColumns = (m: string): RawBuilder<unknown> =>
  sql.raw(
    ['conversation', 'seq', 'id', 'author', 'at', 'expires_at', 'key', 'box', 'position']
      .map(name => `${m}.${name}`)
      .join(', '),
  )

export const messageRow = (row: MessageColumns): MessageRow => ({
  conversation: row.conversation,
  seq: row.seq,
  id: row.id,
  from: row.author,
  at: row.at.toISOString(),
  ...(row.expires_at && { expiresAt: row.expires_at.toISOString() }),
  content: { key: row.key, box: row.box },
  position: Number(row.position),
})

/** The largest `integer`: a seq that is before no other. */
export const endless = 2_147_483_647

/**
 * How many messages of others than `user` have a seq of `from` ≤ seq < `to`: four looks into indexes, however many they are.
 * All four parts are SQL.
 */
export function othersBetween(db: Db, of: Record<'conversation' | 'user' | 'from' | 'to', RawBuilder<unknown>>) {
  const t = db.table('message')
  const all = (seq: RawBuilder<unknown>) => sql`coalesce((select m.ordinal from ${t} m
    where m.conversation = ${of.conversation} and m.seq < ${seq} order by m.seq desc limit 1), 0)`
  const own = (seq: RawBuilder<unknown>) => sql`coalesce((select m.author_ordinal from ${t} m
    where m.conversation = ${of.conversation} and m.author = ${of.user} and m.seq < ${seq} order by m.seq desc limit 1), 0)`
  return sql<number>`(${all(of.to)} - ${all(of.from)} - ${own(of.to)} + ${own(of.from)})`
}

/** A message of a conversation by its id, if this person may see it. */
export async function visibleMessage(db: Db, user: string, conversation: string, id: string) {
  const rows = await rowsOf(
    db,
    sql<MessageColumns>`select ${messageColumns('m')} from ${db.table('message')} m
      where m.id = ${id} and m.conversation = ${conversation} and exists (
        select from ${db.table('membership')} i where i.user_id = ${user} and i.conversation = m.conversation
          and m.seq >= i.joined_seq and m.seq < coalesce(i.left_seq, ${endless}::integer))
      order by m.seq limit 1`,
  )
  return rows.map(messageRow)[0]
}
