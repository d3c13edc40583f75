// Inboxes page by page, and what one costs: statements, and rows that are looked at.
import pg from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../support/postgres.ts'
import { History } from './history.ts'
import { folded } from './read-models.ts'

const database = freshDatabase()

/** Conversations of Ann and others, each with so many messages. */
function talks(conversations: number, messages: number): History {
  const history = new History()
  const ids = Array.from({ length: conversations }, (_, n) => `c${n}`)
  for (const id of ids) history.started(id, ['bob', 'ann'])
  for (let n = 0; n < messages; n++) for (const id of ids) history.said(id, 'bob')
  return history
}

interface Plan {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}
const rowsOf = (plan: Plan): number =>
  (plan['Relation Name'] === undefined
    ? 0
    : (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']) +
  (plan.Plans ?? []).reduce((all, part) => all + rowsOf(part), 0)

/** What Ann's inbox asks Postgres, and how many rows that looks at where each index is used that there is. */
async function costOf(history: History): Promise<{ statements: number; rows: number }> {
  const { queries } = await folded(database.pool, history.events)
  const asked = vi.spyOn(pg.Client.prototype, 'query')
  await queries.inbox('ann')
  const statements = asked.mock.calls.map(([query]) => query as unknown as { text: string; values: unknown[] })
  asked.mockRestore()
  const connection = await database.pool.connect()
  await connection.query('begin; set local enable_seqscan = off; set local enable_bitmapscan = off')
  let rows = 0
  for (const { text, values } of statements) {
    const explained = await connection.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({
      text: `explain (analyze, format json) ${text}`,
      values,
    })
    rows += rowsOf(explained.rows[0]!['QUERY PLAN'][0].Plan)
  }
  await connection.query('rollback')
  connection.release()
  return { statements: statements.length, rows }
}

describe('an inbox', () => {
  it('[Z6] comes page by page in the order of last activity, and all pages are the whole', async () => {
    const history = talks(7, 2)
    history.left('c3', 'ann')
    history.said('c3', 'bob')
    const { queries } = await folded(database.pool, history.events)
    const whole = await queries.inbox('ann')
    expect(whole.map(row => row.conversation)).toEqual(['c6', 'c5', 'c4', 'c3', 'c2', 'c1', 'c0'])
    for (const limit of [1, 3, 7, 9]) {
      const paged = []
      for (let after: number | undefined; ;) {
        const page = await queries.inbox('ann', { limit, after })
        expect(page.length).toBeLessThanOrEqual(limit)
        paged.push(...page)
        if (page.length < limit) break
        after = page.at(-1)!.place
      }
      expect(paged).toEqual(whole)
    }
  })

  it('[Z7] costs one statement, and rows in proportion to conversations, however many messages were missed', async () => {
    const [few, many, twice] = [await costOf(talks(10, 5)), await costOf(talks(10, 200)), await costOf(talks(20, 5))]
    expect(few.statements).toBe(1)
    expect(many).toEqual(few)
    expect(twice.statements).toBe(1)
    expect(twice.rows).toBeLessThanOrEqual(2 * few.rows)
  })
})
