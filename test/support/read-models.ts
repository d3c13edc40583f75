// Read models, row by row.
import type pg from 'pg'

export async function tablesIn(pool: pg.Pool, schema: string): Promise<string[]> {
  const tables = await pool.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1 order by tablename collate "C"',
    [schema],
  )
  return tables.rows.map(({ name }) => name)
}

/** All rows of all tables of a schema, the checkpoint's epoch included, in an order that only depends on what they say. */
export async function dumpReadModels(pool: pg.Pool, schema: string): Promise<Record<string, string[]>> {
  const dump: Record<string, string[]> = {}
  for (const name of await tablesIn(pool, schema)) {
    const rows = await pool.query<{ row: string }>(`select t::text as row from "${schema}"."${name}" t`)
    dump[name] = rows.rows.map(({ row }) => row).sort()
  }
  return dump
}
