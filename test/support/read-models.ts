// Read models, row by row.
import type { Pool } from 'pg'

/** Every row of every table of a schema, as JSON, in an order that depends on the rows alone. */
export async function dump(pool: Pool, schema: string): Promise<Record<string, string[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE' ORDER BY 1`,
    [schema],
  )
  const models: Record<string, string[]> = {}
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM "${schema}"."${name}" t ORDER BY (to_jsonb(t)::text) COLLATE "C"`,
    )
    models[name] = rows.map(({ row }) => row)
  }
  return models
}
