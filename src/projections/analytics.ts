// What analysts see: documented views in the schema `analytics`, and the role that may read them and nothing else.
import { sql } from 'kysely'
import pg from 'pg'
import { rowsOf, within, type Db } from './database.ts'

/** Another version than the schema's comment tells: the views are made again. */
const version = 2
const role = 'verbatim_analyst'
const about = `Verbatim's read models for analysts: stable, read-only, without any content. Version ${version}.`

interface View {
  readonly about: string
  /** What it selects from, with `read.` for the read models' schema. */
  readonly from: string
  /** Column → its expression and what it means. */
  readonly columns: Readonly<Record<string, readonly [string, string]>>
}

const conversationId = 'Id of the conversation.'
const views: Readonly<Record<string, View>> = {
  messages: {
    about: 'One row a message. Content is not here: it is sealed.',
    from: 'read.message',
    columns: {
      conversation: ['conversation', conversationId],
      seq: ['seq', 'Place in the conversation: rises, with gaps where something else than a message happened.'],
      message: ['id', 'Id of the message, a UUID chosen by its client.'],
      author: ['author', 'User id of who wrote it.'],
      at: ['at', 'When it was said; of an imported history the time that history tells.'],
      bytes: [
        `octet_length(box) / 4 * 3 - (length(box) - length(rtrim(box, '='))) - 28`,
        'Length of the body as JSON text in UTF-8, in bytes.',
      ],
    },
  },
  conversations: {
    about: 'One row a conversation.',
    from: 'read.conversation',
    columns: {
      conversation: ['conversation', conversationId],
      kind: ['kind', '`direct` (two people) or `group`.'],
      name: ['name', 'Name of a group; null for direct chats.'],
      started_at: ['started_at', 'When it was started.'],
      member_limit: ['member_limit', 'How many members it may have.'],
      delivered: ['delivered', 'Whether delivered marks are kept.'],
      retention: [`retention->>'mode'`, '`permanent` or `temporary`.'],
      retention_ttl: [
        `make_interval(secs => (retention->>'ttlMs')::double precision / 1000)`,
        'How long its messages are kept; null: for ever.',
      ],
      last_seq: ['seq', 'Seq of its last event.'],
    },
  },
  memberships: {
    about: 'One row a time of membership: who leaves and comes back has two.',
    from: 'read.membership',
    columns: {
      conversation: ['conversation', conversationId],
      user_id: ['user_id', 'User id of the member.'],
      role: ['role', '`owner`, `admin` or `member`.'],
      joined_seq: ['joined_seq', 'Seq from which on the member sees messages.'],
      joined_at: ['joined_at', 'When the member joined.'],
      left_seq: ['left_seq', 'Seq before which that ended; null: is a member still.'],
      left_at: ['left_at', 'When the member left; null: is a member still.'],
    },
  },
  receipts: {
    about: 'One row a move of a watermark: from then on this device had got, or read, everything up to a seq.',
    from: 'read.receipt',
    columns: {
      conversation: ['conversation', conversationId],
      user_id: ['user_id', 'User id of the member.'],
      device: ['device', 'Device that told it.'],
      kind: ['kind', '`delivered` or `read`; what is read is delivered too.'],
      up_to_seq: ['up_to', 'Everything up to and including this seq.'],
      at: ['at', 'When it was told.'],
    },
  },
  sessions: {
    about: 'One row a session: a time of being connected.',
    from: 'read.session',
    columns: {
      user_id: ['user_id', 'User id of who was connected.'],
      session: ['session', 'Id of the session.'],
      device: ['device', 'Device that connected.'],
      box: ['box', 'Gateway it connected to.'],
      opened_at: ['opened_at', 'When it began.'],
      closed_at: ['closed_at', 'When it ended; null: it is open.'],
      why: ['why', 'Why it ended; null: it is open.'],
    },
  },
  activity: {
    about: 'One row a time during which a person did things themselves, with no pause of more than a minute.',
    from: 'read.activity',
    columns: {
      user_id: ['user_id', 'User id.'],
      since: ['since', 'When it began.'],
      until: ['until', 'When they did something for the last time, told to within five seconds.'],
    },
  },
  last_seen: {
    about: 'One row a person who ever did something themselves.',
    from: 'read.last_seen',
    columns: {
      user_id: ['user_id', 'User id.'],
      at: ['at', 'When they last did something themselves; apps by themselves do not count.'],
    },
  },
}

/** Makes the views where they are missing or of another version, and lets the role read them. */
export async function publishViews(db: Db, log: (line: string) => void, password?: string): Promise<void> {
  const there = await ensureRole(db, log, password)
  await db.kysely.transaction().execute(async transaction => {
    const tx = within(db, transaction)
    await sql`select pg_advisory_xact_lock(hashtextextended('verbatim analytics', 0))`.execute(tx.kysely)
    if (!(await upToDate(tx))) await sql.raw(definitions(db.schema)).execute(tx.kysely)
    if (there)
      await sql
        .raw(`grant usage on schema analytics to ${role}; grant select on all tables in schema analytics to ${role}`)
        .execute(tx.kysely)
  })
}

/** A rebuild drops the tables and with them the views, so both are looked at. */
async function upToDate(db: Db): Promise<boolean> {
  const rows = await rowsOf(
    db,
    sql<{ about: string | null; views: number }>`select obj_description(n.oid, 'pg_namespace') as about,
      (select count(*)::integer from pg_views where schemaname = 'analytics') as views
      from pg_namespace n where n.nspname = 'analytics'`,
  )
  return rows[0]?.about === about && rows[0].views === Object.keys(views).length
}

function definitions(schema: string): string {
  const text = pg.escapeLiteral
  const statements = ['create schema if not exists analytics', `comment on schema analytics is ${text(about)}`]
  for (const [name, view] of Object.entries(views)) {
    const columns = Object.entries(view.columns)
    const select = columns.map(([column, [expression]]) => `${expression} as ${column}`).join(', ')
    const from = view.from.replace('read.', `${pg.escapeIdentifier(schema)}.`)
    statements.push(
      `drop view if exists analytics.${name}`,
      `create view analytics.${name} as select ${select} from ${from}`,
      `comment on view analytics.${name} is ${text(view.about)}`,
      ...columns.map(([column, [, meaning]]) => `comment on column analytics.${name}.${column} is ${text(meaning)}`),
    )
  }
  return statements.join(';\n')
}

/** Makes the role where it is missing and sets its password where one is given. False: there is none. */
async function ensureRole(db: Db, log: (line: string) => void, password?: string): Promise<boolean> {
  const login = `login${password === undefined ? '' : ` password ${pg.escapeLiteral(password)}`}`
  const run = (statement: string) => sql.raw(statement).execute(db.kysely)
  const exists = async () => (await rowsOf(db, sql`select from pg_roles where rolname = ${role}`)).length > 0
  try {
    if (!(await exists())) await run(`create role ${role} ${login}`).catch(unlessThere)
    else if (password !== undefined) await run(`alter role ${role} ${login}`)
    await run(`alter role ${role} set default_transaction_read_only = on`)
    await run(`alter role ${role} set search_path = analytics`)
  } catch (error) {
    log(
      `the role ${role} could not be made ready (${(error as Error).message}); as a database administrator run: ` +
        `create role ${role} login password '…'; grant usage on schema analytics to ${role}; ` +
        `grant select on all tables in schema analytics to ${role}`,
    )
  }
  return exists()
}

/** Roles are the whole server's: another database's application may make it at the same time. */
function unlessThere(error: unknown): void {
  if (!(error instanceof pg.DatabaseError) || (error.code !== '42710' && error.code !== '23505')) throw error
}
