// All inboxes as of one moment, for whoever compares them with the log.
import { sql } from 'kysely'
import { readCheckpoint } from './checkpoint.ts'
import { rowsOf, within, type Db } from './database.ts'
import { openInbox } from './inbox.ts'
import type { InboxLine, Inboxes } from './inbox-api.ts'

export const allInboxes = (db: Db): Promise<Inboxes> =>
  db.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async transaction => {
      const tx = within(db, transaction)
      const position = (await readCheckpoint(tx))?.position ?? -1
      const people = await rowsOf(
        tx,
        sql<{ user_id: string }>`select distinct user_id from ${db.table('membership')} order by user_id`,
      )
      const inboxOf = openInbox(tx)
      const of = new Map<string, readonly InboxLine[]>()
      for (const { user_id } of people) {
        const rows = await inboxOf(user_id)
        of.set(
          user_id,
          rows.map(({ conversation, unread }) => ({ conversation, unread })),
        )
      }
      return { position, of }
    })
