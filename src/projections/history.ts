// A page of a conversation's history, as somebody sees it. It comes from Postgres in one text: a row each costs more to take
// apart than to look up.
import { sql, type RawBuilder } from 'kysely'
import type { Queries, SeenMessageRow } from './api.ts'
import { statementOf, type Db } from './database.ts'
import { endless, messageColumns } from './message.ts'
import { heldBy } from './page.ts'
import { reactionsTo } from './reaction.ts'
import { whatBecameOf } from './seen.ts'

/** What stands in the text of each message, in SQL of a row `p`, in this order. None of it has a tab: names and ids may not, JSON escapes it. */
const fields = sql.raw(
  `p.seq, p.position, date_part('epoch', p.at), coalesce(date_part('epoch', p.expires_at)::text, ''), p.id, p.author, p.key,
   p.box, coalesce(p.edited_at, ''), coalesce(p.reactions::text, '')`,
)
const fieldCount = 10

/**
 * A page of what somebody may see, ascending: `limit` rows or a megabyte at most, and never empty where there is more. Undefined for who
 * never was in the conversation. What became of its messages is looked for by its range: where nothing did, it costs two looks
 * into indexes.
 */
export function openHistory(db: Db): Queries['messages'] {
  const [oldest, newest] = [pageFrom(db, sql`asc`), pageFrom(db, sql`desc`)]
  return async (user, conversation, { before = endless, after, limit }) => {
    const from = after === undefined ? newest : oldest
    const [page] = await from(user, conversation, after ?? -1, before, limit)
    if (page!.messages !== null) return messagesIn(page!.messages, conversation)
    return page!.was_in ? [] : undefined
  }
}

function pageFrom(db: Db, direction: RawBuilder<unknown>) {
  const [user, conversation, after, before, limit] = ['$1', '$2', '$3::integer', '$4::integer', '$5'].map(p =>
    sql.raw(p),
  )
  const touched = (table: 'amendment' | 'reaction') => sql`select k.message_seq from bounds b join ${db.table(table)} k
    on k.conversation = ${conversation} and k.message_seq between b.first and b.last`
  const seqsTouched = sql.raw('(select seqs from touched)::integer[]')
  const place = sql.raw('m.seq, m.position, m.at, m.expires_at, m.id, m.author')
  const unlessRetracted = (then: string) => sql.raw(`case when t.retracted_at is null then ${then} else '' end`)
  // not a join of the page with what became of it: where it became of all, that is half as much again
  const seen = sql`
    select ${place}, m.key, m.box, null as edited_at, null::json as reactions from page m where m.seq <> all (${seqsTouched})
    union all
    select ${place}, ${unlessRetracted('coalesce(e.edited_key, m.key)')},
      ${unlessRetracted('coalesce(e.edited_box, m.box)')}, e.edited_at, ${reactionsTo(db, user)}
    from (select * from page where seq = any (${seqsTouched})) m ${whatBecameOf(db, user)}`
  return statementOf(
    db,
    sql<{ messages: string | null; was_in: boolean }>`
      with page as materialized (
        select m.* from ${db.table('membership')} i cross join lateral (
          select ${messageColumns('m')} from ${db.table('message')} m where m.conversation = i.conversation
            and m.seq >= i.joined_seq and m.seq < coalesce(i.left_seq, ${sql.lit(endless)})
            and m.seq > ${after} and m.seq < ${before}
          order by m.seq ${direction} limit ${limit}) m
        where i.user_id = ${user} and i.conversation = ${conversation}
          and i.joined_seq < ${before} and coalesce(i.left_seq, ${sql.lit(endless)}) > ${after}
        order by i.joined_seq ${direction}, m.seq ${direction} limit ${limit}),
      bounds as materialized (select min(seq) as first, max(seq) as last from page),
      touched as materialized (select array(${touched('amendment')} union ${touched('reaction')}) as seqs)
      select string_agg(concat_ws(E'\\t', ${fields}), E'\\t' order by p.seq) as messages,
        exists (select from ${db.table('membership')} i where i.user_id = ${user} and i.conversation = ${conversation}) as was_in
      from (${heldBy(seen, sql`p.seq ${direction}`, sql`octet_length(p.box)`)}) p`,
  )
}

function messagesIn(text: string, conversation: string): SeenMessageRow[] {
  const all = text.split('\t')
  if (all.length % fieldCount !== 0) throw new Error(`a message of ${conversation} has a tab where none may be`)
  const timeOf = readTimes()
  const rows: SeenMessageRow[] = []
  for (let n = 0; n < all.length; n += fieldCount) {
    const [expires, key, edited, reactions] = [all[n + 3]!, all[n + 6]!, all[n + 8]!, all[n + 9]!]
    rows.push({
      conversation,
      seq: Number(all[n]),
      position: Number(all[n + 1]),
      at: timeOf(all[n + 2]!),
      id: all[n + 4]!,
      from: all[n + 5]!,
      content: key === '' ? null : { key, box: all[n + 7]! },
      reactions: reactions === '' ? none : (JSON.parse(reactions) as SeenMessageRow['reactions']),
      ...(expires !== '' && { expiresAt: timeOf(expires) }),
      ...(edited !== '' && key !== '' && { editedAt: new Date(edited).toISOString() }),
    })
  }
  return rows
}

const none: SeenMessageRow['reactions'] = []

/**
 * Times that Postgres gave as seconds since 1970, with a fraction: what it writes fastest. Of a page many are of one minute, and
 * its date is written once: 0.2 µs each for 0.9.
 */
function readTimes(): (seconds: string) => string {
  let minute = NaN
  let start = ''
  return seconds => {
    const ms = Math.round(Number(seconds) * 1000)
    const rest = ms - Math.floor(ms / 60_000) * 60_000
    if (ms - rest !== minute) {
      minute = ms - rest
      start = new Date(minute).toISOString().slice(0, -7)
    }
    const digits = String(100_000 + rest)
    return `${start}${digits.slice(1, 3)}.${digits.slice(3)}Z`
  }
}
