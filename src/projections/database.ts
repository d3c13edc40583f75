// The read models' place in Postgres: the app's pool seen through kysely, in one schema. Each read model adds its tables
// to `Tables` in its own file.
import { CompiledQuery, Kysely, PostgresDialect, sql, type RawBuilder, type Transaction } from 'kysely'
import type pg from 'pg'

export interface Tables {
  checkpoint: { singleton: boolean; position: string; event: string | null; epoch: string; versions: string }
}

export interface Db {
  readonly kysely: Kysely<Tables>
  readonly schema: string
  /** A table's name with its schema, for raw SQL. */
  table(name: keyof Tables): RawBuilder<unknown>
  /** Asks with a text that is always the same. */
  ask<Row>(text: string, values: readonly unknown[]): Promise<Row[]>
}

/** The same schema within a transaction. */
export const within = (db: Db, transaction: Transaction<Tables>): Db => ({
  ...db,
  kysely: transaction,
  ask: async <Row>(text: string, values: readonly unknown[]) =>
    (await transaction.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows,
})

/** Sees a pool as a database. The pool stays its owner's: it is never ended from here. */
export function openDatabase(pool: pg.Pool, schema: string): Db {
  const connect = async (): Promise<Guard> => guardOf(await pool.connect())
  const kysely = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end() } as never }),
  })
  return {
    kysely: kysely.withSchema(schema),
    schema,
    table: name => sql.id(schema, name),
    ask: async <Row>(text: string, values: readonly unknown[]) => {
      const guard = await connect()
      try {
        return ((await guard.query(text, values)) as pg.QueryResult).rows as Row[]
      } finally {
        guard.release()
      }
    },
  }
}

interface Guard {
  query(text: string, parameters: readonly unknown[]): Promise<unknown>
  release(): void
}

/**
 * A connection whose loss is not fatal and whose parameters never are. A pg client that loses its connection while it is
 * lent out emits `error`, which without a listener ends the process; whoever awaits the query is told anyway.
 */
function guardOf(client: pg.PoolClient): Guard {
  const known = guards.get(client)
  if (known) return known
  client.on('error', () => {})
  const guard: Guard = {
    query: (text, parameters) => client.query({ ...prepared(text, parameters), values: parameters.map(storable) }),
    release: () => client.release(),
  }
  guards.set(client, guard)
  return guard
}

/**
 * A statement with parameters is parsed and planned once a connection: the texts are few, since rows and lists are one
 * parameter each. Planned anew each time, a login cost Postgres 1.37 ms of CPU; so it costs 0.27 ms.
 */
function prepared(text: string, { length }: readonly unknown[]): { text: string; name?: string } {
  if (length === 0) return { text }
  let name = names.get(text)
  if (name === undefined) names.set(text, (name = `verbatim ${names.size}`))
  return { text, name }
}

const names = new Map<string, string>()
const guards = new WeakMap<pg.PoolClient, Guard>()

/** Postgres holds no NUL in text: what is asked for with one is simply not found. */
const storable = (value: unknown): unknown =>
  typeof value === 'string' ? withoutNul(value) : Array.isArray(value) ? value.map(storable) : value

const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text)

/** Rows of a statement that kysely's builder has no words for. */
export const rowsOf = async <Row>(db: Db, statement: RawBuilder<Row>): Promise<Row[]> =>
  (await statement.execute(db.kysely)).rows

/**
 * A statement that is asked often, put together once, and not by kysely each time: of a server just started that took 3.5 % of the main
 * thread's time while many logged in. Its parameters stand in it as `$1`, `$2`, …
 */
export function statementOf<Row>(db: Db, statement: RawBuilder<Row>): (...parameters: unknown[]) => Promise<Row[]> {
  const { sql: text, parameters: own } = statement.compile(db.kysely)
  if (own.length > 0) throw new Error(`a statement of $1, $2, … has ${own.length} parameters of its own: ${text}`)
  return (...parameters) => db.ask<Row>(text, parameters)
}

/** Columns of a recordset, as `name type, …`. */
export type Columns = RawBuilder<unknown>
export const columns = (list: string): Columns => sql.raw(list)

/**
 * Many rows as one parameter: `json_to_recordset($1) as r(…)`. Against a parameter a value it saves kysely the building
 * and Postgres the parsing of thousands of placeholders.
 */
export const recordset = (rows: readonly object[], as: Columns): RawBuilder<unknown> =>
  sql`json_to_recordset(${asJson(rows)}::json) as r(${as})`

export const asJson = (rows: readonly object[]): string => storableJson(JSON.stringify(rows))

/** JSON may say what Postgres text cannot hold: NUL and lone surrogates become U+FFFD, so that no event stops a fold. */
const storableJson = (json: string): string =>
  json.includes('\\u')
    ? json.replace(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, found => (found === '\\\\' ? found : '\\ufffd'))
    : json
