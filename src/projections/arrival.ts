// What is asked of everybody who arrives, in one statement: whether their device is linked, and what they were ever a member of.
import { sql } from 'kysely'
import type { Position } from '../eventstore/index.ts'
import type { Arrival } from './api.ts'
import { asJson, statementOf, type Db } from './database.ts'

interface Columns {
  n: number
  /** Null: nobody knows this person. */
  linked: boolean | null
  /** Conversation, first seq and the one of the end, in order; null: none. */
  stays: [string, number, number | null][] | null
}

/** Answers in the order of the questions. */
export function openArrivals(db: Db) {
  const ask = statementOf(
    db,
    sql<Columns>`
    select r.n, (
      select bool_or(d.device = r.device and d.linked_at is not null)
      from ${db.table('device')} d where d.user_id = r.user_id) as linked, (
      select json_agg(json_build_array(i.conversation, i.joined_seq, case when i.left_position <= $2 then i.left_seq end)
        order by i.conversation, i.joined_seq)
      from ${db.table('membership')} i where i.user_id = r.user_id and i.joined_position <= $2) as stays
    from json_to_recordset($1::json) as r(n integer, user_id text, device text)`,
  )

  return async (asked: readonly { user: string; device: string }[], asOf: Position): Promise<readonly Arrival[]> => {
    const who = asked.map(({ user, device }, n) => ({ n, user_id: user, device }))
    const answers: Arrival[] = []
    for (const { n, linked, stays } of await ask(asJson(who), asOf))
      answers[n] = {
        standing: linked === null ? 'unknown' : linked ? 'linked' : 'not-linked',
        stays: (stays ?? []).map(([conversation, joinedSeq, leftSeq]) => ({ conversation, joinedSeq, leftSeq })),
      }
    return answers
  }
}
