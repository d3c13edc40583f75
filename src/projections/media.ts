// The read model of media: images that were uploaded, and the messages that name them. What opens them stays sealed.
import { sql } from 'kysely'
import { idIn, type Position } from '../eventstore/index.ts'
import type { MediaGrantRow, MediaRow } from './media-api.ts'
import { columns, recordset, rowsOf, type Db } from './database.ts'
import { wasIn } from './membership.ts'
import { only, type ReadModel } from './read-model.ts'

interface MediaColumns {
  media: string
  user_id: string
  address: string
  /** The uploader's content key. */
  key: string
  type: string
  size: number
  width: number
  height: number
  at: Date
}

interface AttachmentColumns {
  media: string
  conversation: string
  /** The message's. */
  seq: number
  /** Of what named it: the message, or what it was edited to. */
  named_seq: number
  message: string
  /** The content key that the grant is sealed with. */
  key: string
  box: string
}

declare module './database.ts' {
  interface Tables {
    media: MediaColumns
    attachment: AttachmentColumns
  }
}

export const media: ReadModel = {
  name: 'media',
  version: 1,
  tables: `
    create table media (
      media text collate "C" primary key,
      user_id text collate "C" not null,
      address text not null,
      key text collate "C" not null,
      type text not null,
      size integer not null,
      width integer not null,
      height integer not null,
      at timestamptz(3) not null
    );
    create index media_key on media (key);
    create table attachment (
      media text collate "C" not null,
      conversation text collate "C" not null,
      seq integer not null,
      named_seq integer not null,
      message text collate "C" not null,
      key text collate "C" not null,
      box text not null,
      primary key (media, conversation, named_seq)
    );
    create index attachment_key on attachment (key);`,

  async fold(db, events) {
    const gone = new Set<string>()
    const there = new Map<string, object>()
    for (const event of only(events, 'MediaUploaded', 'MediaDiscarded')) {
      const media = idIn(event.stream)
      if (event.type === 'MediaDiscarded') {
        gone.add(media)
        there.delete(media)
      } else if (!there.has(media)) {
        const { user, ...data } = event.data
        there.set(media, { media, user_id: user, ...data })
      }
    }
    if (gone.size > 0)
      await sql`delete from ${db.table('media')} where media = any(${[...gone]}::text[])`.execute(db.kysely)
    if (there.size > 0)
      await sql`insert into ${db.table('media')} select * from ${recordset([...there.values()], mediaColumns)}
        on conflict (media) do nothing`.execute(db.kysely)

    const named = only(events, 'MessageSent', 'MessageEdited').flatMap(event => {
      const { stream, revision, data } = event
      const [message, seq] =
        event.type === 'MessageSent' ? [event.id, revision] : [event.data.message, event.data.messageSeq]
      const place = { conversation: idIn(stream), seq, named_seq: revision, message }
      return (data.attachments ?? []).map(({ media, grant }) => ({ media, ...place, ...grant }))
    })
    if (named.length > 0)
      await sql`insert into ${db.table('attachment')} select r.* from ${recordset(named, attachmentColumns)}
        where exists (select from ${db.table('message')} m where m.conversation = r.conversation
          and m.seq = r.seq and m.seq <= r.named_seq and m.id = r.message)
        on conflict do nothing`.execute(db.kysely)
  },
}

const mediaColumns = columns(
  `media text, user_id text, address text, key text, type text, size integer, width integer, height integer,
   at timestamptz`,
)
const attachmentColumns = columns(
  'media text, conversation text, seq integer, named_seq integer, message text, key text, box text',
)

/** Whether the message of the attachment `a` was retracted: then nobody sees what it named. */
const retracted = (db: Db) => sql`exists (select from ${db.table('amendment')} t
  where t.conversation = a.conversation and t.message_seq = a.seq and t.type = 'MessageRetracted')`

/** Whether its time is over: its key may be there for some seconds more. */
const over = (db: Db) => sql`exists (select from ${db.table('message')} x
  where x.conversation = a.conversation and x.seq = a.seq and x.expires_at <= now())`

/**
 * One grant for each content key, of the newest message: those of one key open or are gone together. Of a message that was
 * edited it is what the last edit names that this person was there for, as it is with its body.
 */
export async function mediaSeenBy(db: Db, user: string, media: readonly string[]): Promise<MediaGrantRow[]> {
  const rows = await rowsOf(
    db,
    sql<AttachmentColumns & { address: string; uploader: string }>`
      select distinct on (a.media, a.key) a.*, m.address, m.user_id as uploader
      from ${db.table('attachment')} a join ${db.table('media')} m on m.media = a.media
      where a.media = any(${media}::text[]) and ${wasIn(db, user, sql.ref('a.conversation'), sql.ref('a.seq'))}
        and a.named_seq = coalesce((
          select e.seq from ${db.table('amendment')} e where e.conversation = a.conversation and e.message_seq = a.seq
            and e.type = 'MessageEdited' and ${wasIn(db, user, sql.ref('e.conversation'), sql.ref('e.seq'))}
          order by e.seq desc limit 1), a.seq)
        and not ${retracted(db)} and not ${over(db)}
      order by a.media, a.key, a.named_seq desc`,
  )
  return rows.map(({ media, address, uploader, conversation, message, key, box }) => ({
    ...{ media, address, uploader, conversation, message },
    grant: { key, box },
  }))
}

const row = (db: Db) => sql<MediaRow>`select m.media, m.address, m.key from ${db.table('media')} m`

/** All of them in the order of their ids, a page. */
export const mediaAfter = (db: Db, after: string, limit: number): Promise<MediaRow[]> =>
  rowsOf(db, sql<MediaRow>`${row(db)} where m.media > ${after} order by m.media limit ${limit}`)

/** Those that one of these content keys is needed to open, the uploader's or a message's. */
export const mediaOfKeys = (db: Db, keys: readonly string[]): Promise<MediaRow[]> =>
  rowsOf(
    db,
    sql<MediaRow>`${row(db)} where m.key = any(${keys}::text[]) or m.media in (
      select a.media from ${db.table('attachment')} a where a.key = any(${keys}::text[]))`,
  )

/** The content keys of the grants of these media. Undefined where the tables are not as far: they are being made again. */
export async function grantKeysOf(db: Db, media: readonly string[], asOf: Position) {
  const rows = await rowsOf(
    db,
    sql<{ media: string | null; key: string | null; position: string }>`
      select distinct a.media, a.key, p.position from ${db.table('checkpoint')} p
      left join ${db.table('attachment')} a on a.media = any(${media}::text[]) and not ${retracted(db)}
      order by a.media, a.key`,
  )
  if (rows.length === 0 || Number(rows[0]!.position) < asOf) return undefined
  const found = new Map<string, string[]>()
  for (const { media, key } of rows)
    if (media !== null && key !== null) found.set(media, [...(found.get(media) ?? []), key])
  return found
}
