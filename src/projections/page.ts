// A page of what somebody missed: so many rows, and no more of their contents than fits into memory many times.
import { sql, type RawBuilder } from 'kysely'
import { rowsOf, type Db } from './database.ts'

/** Some of the rows that were asked for, in their order, and whether there are more after the last one. */
export interface Paged<Row> {
  readonly rows: readonly Row[]
  readonly more: boolean
}

/** Bytes of contents on a page. One row is on it however large it is; none is larger than a few times a body's limit. */
const pageBytes = 1024 * 1024

/**
 * Of these rows, in SQL, as many as a page holds, from the first in an order on. `order` and `size`, what one counts for, are of
 * a row `p`; the size is to be had without reading what it has.
 */
export const heldBy = (rows: RawBuilder<unknown>, order: RawBuilder<unknown>, size: RawBuilder<unknown>) => sql`
  select * from (select p.*, coalesce(sum(${size}) over (order by ${order} rows between unbounded preceding and 1 preceding), 0)
    as earlier from (${rows}) p) p where earlier < ${sql.lit(pageBytes)}`

/**
 * Of these rows, which have a `position` and come in its order, as many as a page holds; `limit` is what they were limited by.
 * `size`, in SQL of a row `p`, is what one counts for: to be had without reading what it has.
 */
export async function pageOf<Row>(
  db: Db,
  rows: RawBuilder<Row>,
  size: RawBuilder<unknown>,
  limit: number,
): Promise<Paged<Row>> {
  const [page] = await pagesOf(db, sql<Row & { n: number }>`select 0 as n, r.* from (${rows}) r`, size, [limit])
  return page!
}

/** The same for several questions at once: each row names the one that it answers, by its place in `limits`. */
export async function pagesOf<Row extends { n: number }>(
  db: Db,
  rows: RawBuilder<Row>,
  size: RawBuilder<unknown>,
  limits: readonly number[],
): Promise<Paged<Row>[]> {
  const found = await rowsOf(
    db,
    sql<Row & { found: string }>`
      select * from (select p.*, count(*) over (partition by p.n) as found, coalesce(sum(${size}) over
        (partition by p.n order by p.position rows between unbounded preceding and 1 preceding), 0) as earlier from (${rows}) p) p
      where earlier < ${sql.lit(pageBytes)} order by n, position`,
  )
  const pages = limits.map(() => [] as (Row & { found: string })[])
  for (const row of found) pages[row.n]!.push(row)
  return pages.map((page, n) => {
    const all = Number(page[0]?.found ?? 0)
    return { rows: page, more: all >= limits[n]! || page.length < all }
  })
}
