// The read model of reactions: who has which on which message, and since when.
import { sql, type RawBuilder } from 'kysely'
import { idIn } from '../eventstore/index.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { wasIn } from './membership.ts'
import { only, type ReadModel } from './read-model.ts'

interface ReactionColumns<Time> {
  conversation: string
  message_seq: number
  user_id: string
  reaction: string
  message: string
  /** Of the event that added it. */
  seq: number
  at: Time
}

declare module './database.ts' {
  interface Tables {
    reaction: ReactionColumns<Date>
  }
}

type Reaction = ReactionColumns<string>

export const reaction: ReadModel = {
  name: 'reaction',
  version: 1,
  tables: `
    create table reaction (
      conversation text collate "C" not null,
      message_seq integer not null,
      user_id text collate "C" not null,
      reaction text collate "C" not null,
      message text collate "C" not null,
      seq integer not null,
      at timestamptz(3) not null,
      primary key (conversation, message_seq, user_id, reaction)
    );`,

  async fold(db, events) {
    const told = only(events, 'ReactionAdded', 'ReactionRemoved').filter(
      ({ revision, data }) => data.messageSeq < revision,
    )
    if (told.length === 0) return
    const all = told.map(({ type, stream, revision, data }) => ({
      on: type === 'ReactionAdded',
      conversation: idIn(stream),
      message_seq: data.messageSeq,
      user_id: data.from,
      reaction: data.reaction,
      message: data.message,
      seq: revision,
      at: data.at,
    }))
    const present = new Map((await presentOf(db, all)).map(row => [key(row), row]))
    const before = new Map(present)
    for (const { on, ...row } of all) {
      if (!on) present.delete(key(row))
      else if (!present.has(key(row))) present.set(key(row), row)
    }
    const gone = [...before].flatMap(([name, row]) => (present.get(name) === row ? [] : [row]))
    const come = [...present].flatMap(([name, row]) => (before.get(name) === row ? [] : [row]))
    const t = db.table('reaction')
    if (gone.length > 0)
      await sql`delete from ${t} k using ${recordset(gone, rowColumns)} where k.conversation = r.conversation
        and k.message_seq = r.message_seq and k.user_id = r.user_id and k.reaction = r.reaction`.execute(db.kysely)
    if (come.length > 0)
      await sql`insert into ${t} select r.* from ${recordset(come, rowColumns)}
        join ${db.table('message')} m on m.conversation = r.conversation and m.seq = r.message_seq
          and m.id = r.message`.execute(db.kysely)
  },
}

const rowColumns = columns(
  `conversation text, message_seq integer, user_id text, reaction text, message text, seq integer, at timestamptz`,
)

/** With the message's id too: what names a message that is not there must not be taken for one that is. */
const key = (of: Reaction): string =>
  `${of.conversation}\n${of.message_seq}\n${of.message}\n${of.user_id}\n${of.reaction}`

async function presentOf(db: Db, asked: readonly Reaction[]): Promise<Reaction[]> {
  const rows = await rowsOf(
    db,
    sql<ReactionColumns<Date>>`select distinct k.* from ${recordset(asked, rowColumns)}
      join ${db.table('reaction')} k on k.conversation = r.conversation and k.message_seq = r.message_seq
        and k.message = r.message and k.user_id = r.user_id and k.reaction = r.reaction`,
  )
  return rows.map(row => ({ ...row, at: row.at.toISOString() }))
}

/** Kinds of reactions that are shown of one message, and names of those who left one. */
const mostKinds = 50
const mostNames = 20

/** The reactions to the message `m`, as JSON, as this person sees them: those left while they were a member. */
export const reactionsTo = (db: Db, viewer: unknown): RawBuilder<unknown> => sql`
  (select coalesce(json_agg(json_build_object('reaction', g.reaction, 'count', g.count, 'mine', g.mine, 'users', g.users)
    order by g.first), '[]') from (
      select k.reaction, count(*)::integer as count, bool_or(k.user_id = ${viewer}) as mine, min(k.seq) as first,
        (array_agg(k.user_id order by k.seq))[1:${sql.lit(mostNames)}] as users
      from ${db.table('reaction')} k where k.conversation = m.conversation and k.message_seq = m.seq
        and ${wasIn(db, viewer, sql.ref('k.conversation'), sql.ref('k.seq'))}
      group by k.reaction order by min(k.seq) limit ${sql.lit(mostKinds)}) g)`
