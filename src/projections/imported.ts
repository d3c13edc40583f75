// The read model of imports: up to which line of which source a conversation's history is in.
import { sql } from 'kysely'
import { idIn } from '../eventstore/index.ts'
import { columns, recordset, type Db } from './database.ts'
import { only, type ReadModel } from './read-model.ts'

declare module './database.ts' {
  interface Tables {
    imported: { conversation: string; source: string; up_to_line: number }
  }
}

export const imported: ReadModel = {
  name: 'imported',
  version: 1,
  tables: `
    create table imported (
      conversation text collate "C" not null,
      source text collate "C" not null,
      up_to_line integer not null,
      primary key (conversation, source)
    );`,

  async fold(db, events) {
    const latest = new Map<string, { conversation: string; source: string; up_to_line: number }>()
    for (const { stream, data } of only(events, 'HistoryImported'))
      latest.set(`${stream}\n${data.source}`, {
        conversation: idIn(stream),
        source: data.source,
        up_to_line: data.upToLine,
      })
    if (latest.size === 0) return
    await sql`insert into ${db.table('imported')}
      select * from ${recordset([...latest.values()], columns('conversation text, source text, up_to_line integer'))}
      on conflict (conversation, source) do update set up_to_line = excluded.up_to_line`.execute(db.kysely)
  },
}

export const importsInto = (db: Db, conversations: readonly string[]) =>
  db.kysely
    .selectFrom('imported')
    .selectAll()
    .where('conversation', '=', sql<string>`any(${conversations}::text[])`)
    .orderBy('conversation')
    .orderBy('source')
    .execute()
