// The read model of search: what was said, as keyed hashes of its words. It has a schema and a checkpoint of its own, behind
// those of the other read models, so that nothing waits for it.
import { sql } from 'kysely'
import { idIn, type Position, type Recorded } from '../../eventstore/index.ts'
import { columns, recordset, type Db } from '../database.ts'

interface SaidColumns {
  conversation: string
  /** The message's place in `$all`: what answers are ordered and paged by. */
  position: string
  /** Of which words: the message's own seq, or that of the edit that put them in. */
  version: number
  seq: number
  author: string
  expires_at: Date | null
  /** The content key: where it is destroyed, the row goes. */
  key: string
  words: string
}

declare module '../database.ts' {
  interface Tables {
    said: SaidColumns
    progress: { singleton: boolean; complete: boolean }
  }
}

/**
 * New words go to the end of a list (`fastupdate`), which is sorted in when it has a megabyte (some 2,500 messages), or when somebody
 * searches (`sortIn`): each look-up would have to read through it otherwise. Sorting in what 2,000 messages of one text bring costs
 * Postgres 22 µs each instead of 68; doing so with each transaction was two thirds of the write-ahead log at 200 messages a second.
 */
export const said = {
  name: 'said',
  version: 3,
  tables: `
    create table said (
      conversation text collate "C" not null,
      position bigint not null,
      version integer not null,
      seq integer not null,
      author text collate "C" not null,
      expires_at timestamptz(3),
      key text collate "C" not null,
      words tsvector not null,
      primary key (conversation, position, version)
    );
    create index said_words on said using gin (words) with (fastupdate = on, gin_pending_list_limit = 1024);
    create index said_key on said (key);
    create index said_expires on said (expires_at) where expires_at is not null;
    create table progress (singleton boolean primary key check (singleton), complete boolean not null);
    insert into progress values (true, false);`,
}

export type Searched = Recorded<'MessageSent' | 'MessageEdited' | 'MessageRetracted'>

/** Something that was said, or what it was edited to, and its words as a tsvector is written. */
export interface Worded {
  readonly event: Recorded<'MessageSent' | 'MessageEdited'>
  readonly words: string
}

const sentColumns = columns(
  'conversation text, position bigint, version integer, seq integer, author text, expires_at timestamptz, key text, words text',
)
const editedColumns = columns(
  'conversation text, message text, message_seq integer, version integer, key text, words text',
)
const retractedColumns = columns('conversation text, message text, message_seq integer')

/** Folds a batch that the read models in `main` have already: which message an edit or a retraction is of, they know. */
export async function foldSaid(
  { db, main }: { db: Db; main: Db },
  worded: readonly Worded[],
  retracted: readonly Recorded<'MessageRetracted'>[],
): Promise<void> {
  const t = db.table('said')
  const sent = worded.flatMap(({ event, words }) => (event.type === 'MessageSent' ? [sentRow(event, words)] : []))
  const edited = worded.flatMap(({ event, words }) => (event.type === 'MessageEdited' ? [editedRow(event, words)] : []))
  if (sent.length > 0)
    await sql`insert into ${t}
      select r.conversation, r.position, r.version, r.seq, r.author, r.expires_at, r.key, r.words::tsvector
      from ${recordset(sent, sentColumns)} where r.expires_at is null or r.expires_at > now()`.execute(db.kysely)
  if (edited.length > 0)
    await sql`insert into ${t}
      select r.conversation, m.position, r.version, m.seq, m.author, m.expires_at, r.key, r.words::tsvector
      from ${recordset(edited, editedColumns)} join ${main.table('message')} m on m.conversation = r.conversation
        and m.seq = r.message_seq and m.seq < r.version and m.id = r.message
      where (m.expires_at is null or m.expires_at > now()) and not exists (
        select from ${main.table('amendment')} a where a.conversation = m.conversation and a.message_seq = m.seq
          and a.type = 'MessageRetracted')`.execute(db.kysely)
  if (retracted.length > 0)
    await sql`delete from ${t} s using ${recordset(retracted.map(retractedRow), retractedColumns)}
      join ${main.table('message')} m on m.conversation = r.conversation and m.seq = r.message_seq and m.id = r.message
      where s.conversation = m.conversation and s.position = m.position`.execute(db.kysely)
}

const sentRow = ({ stream, revision, position, data }: Recorded<'MessageSent'>, words: string) => ({
  conversation: idIn(stream),
  position,
  version: revision,
  seq: revision,
  author: data.from,
  expires_at: data.expiresAt ?? null,
  key: data.content.key,
  words,
})

const editedRow = ({ stream, revision, data }: Recorded<'MessageEdited'>, words: string) => ({
  ...retractedRow({ stream, data }),
  version: revision,
  key: data.content.key,
  words,
})

const retractedRow = ({ stream, data }: { stream: string; data: { message: string; messageSeq: number } }) => ({
  conversation: idIn(stream),
  message: data.message,
  message_seq: data.messageSeq,
})

/** Everything that was said until the index was begun is in it. */
export const isComplete = (db: Db) => sql`update ${db.table('progress')} set complete = true`.execute(db.kysely)

/** Sorts in what is at the end of the list. Where that cannot be done, what is found is the same, and finding it takes longer. */
export const sortIn = (db: Db): Promise<unknown> =>
  sql`select gin_clean_pending_list(i.oid) from pg_class i where i.oid = to_regclass(${`${db.schema}.said_words`}::text)`
    .execute(db.kysely)
    .catch(() => undefined)

export const deleteExpired = (db: Db) =>
  sql`delete from ${db.table('said')} where expires_at <= now()`.execute(db.kysely)

/** What was sealed with these content keys; without them: with any that is no longer there. */
export const deleteKeyless = (db: Db, keys?: readonly string[]) =>
  sql`delete from ${db.table('said')} s where ${
    keys === undefined
      ? sql`not exists (select from keyring.content_key k where k.id::text = s.key)`
      : sql`s.key = any(${keys}::text[])`
  }`.execute(db.kysely)

export async function progressOf(db: Db): Promise<{ complete: boolean; position: Position }> {
  const row = await db.kysely
    .selectFrom('checkpoint')
    .innerJoin('progress', 'progress.singleton', 'checkpoint.singleton')
    .select(['complete', 'position'])
    .executeTakeFirst()
  return { complete: row?.complete ?? false, position: Number(row?.position ?? -1) }
}
