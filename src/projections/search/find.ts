// Finding messages: which conversations somebody may look into, which of their messages have the words, which of those this
// person sees, and with the words as they see them.
import { sql, type RawBuilder } from 'kysely'
import pg from 'pg'
import type { Position, SearchKeys } from '../../eventstore/index.ts'
import type { SeenMessageRow } from '../api.ts'
import { rowsOf, within, type Db } from '../database.ts'
import { wasIn } from '../membership.ts'
import { endless, messageColumns } from '../message.ts'
import { reactionsTo } from '../reaction.ts'
import { becameColumns, seenMessage, whatBecameOf, type SeenColumns } from '../seen.ts'
import type { Asked } from './asked.ts'
import { queryIn } from './lexemes.ts'
import { progressOf, sortIn } from './said.ts'

export interface Search {
  readonly question: Asked
  readonly conversation?: string | undefined
  readonly from?: string | undefined
  /** Only what was said before this position. */
  readonly before?: Position | undefined
  readonly limit: number
}

export interface Found {
  /** Newest first, by position. */
  readonly messages: readonly SeenMessageRow[]
  /** Where the next page begins (its `before`); null: there is no more. */
  readonly next: Position | null
}

/**
 * Common words are found in what was said last, rare ones in the index. The first look is at this much of the end of the log
 * (bytes: positions are such), then at eight times as much before it, and so on, until enough is found or so many messages
 * have been looked at. What is in fewer than one of some hundred of them, the index finds among all.
 */
const firstLook = 1024 * 1024
const factor = 8
const mostLookedAt = 40_000
const enoughLookedAt = mostLookedAt / factor
/** Candidates that are asked for beyond the limit: some are not seen, or not so. */
const spare = 10
/** A question takes milliseconds. One that takes this long (milliseconds) does harm to others. */
const longestMs = 10_000

interface Place {
  readonly position: Position
  readonly version: number
}

interface Candidate extends Place {
  readonly conversation: string
}

interface Bounds {
  readonly conversations: readonly string[]
  readonly first: readonly number[]
  readonly last: readonly number[]
}

/** Undefined: never was in the conversation that is asked for. */
export async function find(
  { db, main }: { db: Db; main: Db },
  keys: SearchKeys,
  user: string,
  search: Search,
): Promise<Found | undefined> {
  const bounds = await boundsOf(main, user, search.conversation)
  if (search.conversation !== undefined && bounds.conversations.length === 0) return undefined
  const asked = questionIn(bounds, await keys.of(bounds.conversations), search.question)
  await sortIn(db)
  const looking = db.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async transaction => {
      const [tx, mainTx] = [within(db, transaction), within(main, transaction)]
      // planned for what is asked, and not compiled: it is over in a millisecond, however the planner sees it
      await sql`select set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true),
        set_config('statement_timeout', ${String(longestMs)}, true)`.execute(tx.kysely)
      const end = (await progressOf(tx)).position + 1
      const most = search.limit + spare
      let before: Place = { position: Math.min(search.before ?? end, end), version: -1 }
      const messages: SeenMessageRow[] = []
      for (;;) {
        const candidates = await candidatesBefore(tx, asked, search.from, before, most)
        messages.push(...(await seenOf(mainTx, user, candidates)))
        if (candidates.length < most || messages.length > search.limit) break
        before = candidates.at(-1)!
      }
      const page = messages.slice(0, search.limit)
      return { messages: page, next: messages.length > page.length ? page.at(-1)!.position : null }
    })
  return looking.catch((error: unknown) => {
    if (isMissing(error)) return { messages: [], next: null }
    throw error
  })
}

/** SQLSTATE 42P01: there is no such table, nor, it may be, its schema: nobody has begun the index. */
export const isMissing = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '42P01'

/** The question in the hashes of each conversation that has any; joined as `asked`. */
function questionIn(bounds: Bounds, keys: ReadonlyMap<string, Buffer>, question: Asked): RawBuilder<unknown> {
  const queries = bounds.conversations.map(id => {
    const key = keys.get(id)
    return key ? queryIn(key, question) : null
  })
  return sql`asked as materialized (
    select q.conversation, q.query::tsquery as query, q.first, q.last
    from unnest(${bounds.conversations}::text[], ${queries}::text[], ${bounds.first}::integer[], ${bounds.last}::integer[])
      q(conversation, query, first, last) where q.query is not null)`
}

/** From the first to the last message that somebody may see: what they may see in between is looked at with each. */
async function boundsOf(main: Db, user: string, conversation: string | undefined): Promise<Bounds> {
  const rows = await rowsOf(
    main,
    sql<{ conversation: string; first: number; last: number }>`
      select i.conversation, min(i.joined_seq) as first, max(coalesce(i.left_seq, ${endless}::integer)) as last
      from ${main.table('membership')} i where i.user_id = ${user}
        ${conversation === undefined ? sql`` : sql`and i.conversation = ${conversation}`}
      group by i.conversation`,
  )
  return {
    conversations: rows.map(row => row.conversation),
    first: rows.map(row => row.first),
    last: rows.map(row => row.last),
  }
}

/** The newest messages before a position that have the words, `most` at most. */
async function candidatesBefore(
  db: Db,
  asked: RawBuilder<unknown>,
  from: string | undefined,
  before: Place,
  most: number,
): Promise<Candidate[]> {
  const t = db.table('said')
  const seen = sql`s.seq >= asked.first and s.seq < asked.last and (s.expires_at is null or s.expires_at > now())
    ${from === undefined ? sql`` : sql`and s.author = ${from}`}`
  const found: Candidate[] = []
  let [lookedAt, to, width] = [0, before, firstLook]
  while (to.position > 0) {
    const after = to.position - width
    const within = sql`s.position >= ${after} and (s.position, s.version) < (${to.position}, ${to.version})`
    // the limit keeps the planner from reading through the whole table instead, which would be as fast for all of it
    const said = sql`asked cross join lateral (select s.* from ${t} s
      where s.conversation = asked.conversation and ${within} limit ${mostLookedAt}) s`
    const room = mostLookedAt - lookedAt
    const [there] = await rowsOf(
      db,
      sql<{ messages: number }>`with ${asked}
        select count(*)::integer as messages from (select from ${said} limit ${room + 1}) s`,
    )
    const { messages } = there!
    if (messages > room) {
      if (lookedAt >= enoughLookedAt || width <= firstLook) break
      width /= factor
      continue
    }
    if (messages > 0) {
      const hits = await rowsOf(
        db,
        sql<{ conversation: string; position: string; version: number }>`with ${asked},
          looked as materialized (select s.*, asked.query, ${seen} as seen from ${said})
          select conversation, position, version from looked s where seen and s.words @@ s.query
          order by position desc, version desc limit ${most - found.length}`,
      )
      found.push(...hits.map(numbered))
      if (found.length >= most) return found
    }
    lookedAt += messages
    to = { position: after, version: -1 }
    width *= factor
  }
  if (to.position <= 0) return found
  // each conversation has hashes of its own: to ask for it in a way that has an index would only cost another look-up
  const rare = await rowsOf(
    db,
    sql<{ conversation: string; position: string; version: number }>`
      with ${asked} select s.* from asked cross join lateral (
        select s.conversation, s.position, s.version from ${t} s
        where s.words @@ asked.query and s.conversation is not distinct from asked.conversation
          and (s.position, s.version) < (${to.position}, ${to.version}) and ${seen}
        order by s.position desc, s.version desc limit ${most - found.length}) s
      order by s.position desc, s.version desc limit ${most - found.length}`,
  )
  return [...found, ...rare.map(numbered)]
}

const numbered = (row: { conversation: string; position: string; version: number }): Candidate => ({
  ...row,
  position: Number(row.position),
})

/** Those of them that this person sees, with these words: not retracted, and not edited since, as far as they may know. */
async function seenOf(main: Db, user: string, candidates: readonly Candidate[]): Promise<SeenMessageRow[]> {
  if (candidates.length === 0) return []
  const rows = await rowsOf(
    main,
    sql<SeenColumns>`
      select m.*, ${becameColumns}, ${reactionsTo(main, user)} as reactions from (
        select ${messageColumns('m')}, c.version from json_to_recordset(${JSON.stringify(candidates)}::json)
          as c(conversation text, position bigint, version integer)
        join ${main.table('message')} m on m.conversation = c.conversation and m.position = c.position
        where ${wasIn(main, user, sql.ref('m.conversation'), sql.ref('m.seq'))}) m
      ${whatBecameOf(main, user)}
      where t.retracted_at is null and m.version = coalesce((
        select a.seq from ${main.table('amendment')} a where a.conversation = m.conversation and a.message_seq = m.seq
          and a.type = 'MessageEdited' and ${wasIn(main, user, sql.ref('a.conversation'), sql.ref('a.seq'))}
        order by a.seq desc limit 1), m.seq)
      order by m.position desc`,
  )
  return rows.map(seenMessage)
}
