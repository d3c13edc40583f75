// The read model of blocks: who has blocked whom, since when.
import { sql } from 'kysely'
import { columns, recordset, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    block: { user_id: string; blocked: string; at: Date }
  }
}

export const block: ReadModel = {
  name: 'block',
  version: 1,
  tables: `
    create table block (
      user_id text collate "C" not null,
      blocked text collate "C" not null,
      at timestamptz(3) not null,
      primary key (user_id, blocked)
    );`,

  async fold(db, events) {
    /** Of each pair: whether what was there is over, and since when there is a block again. */
    const pairs = new Map<string, { user_id: string; blocked: string; over: boolean; at: string | null }>()
    for (const { type, data } of only(events, 'UserBlocked', 'UserUnblocked')) {
      const key = `${data.user}\n${data.blocked}`
      const known = pairs.get(key) ?? { user_id: data.user, blocked: data.blocked, over: false, at: null }
      if (type === 'UserUnblocked') pairs.set(key, { ...known, over: true, at: null })
      else pairs.set(key, { ...known, at: known.at ?? data.at })
    }
    const over = [...pairs.values()].filter(pair => pair.over)
    const begun = [...pairs.values()].filter(pair => pair.at !== null)
    const t = db.table('block')
    if (over.length > 0)
      await sql`delete from ${t} b using ${recordset(over, pairColumns)}
        where b.user_id = r.user_id and b.blocked = r.blocked`.execute(db.kysely)
    if (begun.length > 0)
      await sql`insert into ${t} select * from ${recordset(begun, pairColumns)} on conflict do nothing`.execute(
        db.kysely,
      )
  },
}

const pairColumns = columns('user_id text, blocked text, at timestamptz')

/** All there are: what commands begin with. */
export const allBlocks = (db: Db) =>
  db.kysely.selectFrom('block').select(['user_id as user', 'blocked']).orderBy('user_id').orderBy('blocked').execute()

/** Whom somebody has blocked, in the order in which they did. */
export async function blocksBy(db: Db, user: string): Promise<string[]> {
  const rows = await db.kysely
    .selectFrom('block')
    .select('blocked')
    .where('user_id', '=', user)
    .orderBy('at')
    .orderBy('blocked')
    .execute()
  return rows.map(({ blocked }) => blocked)
}
