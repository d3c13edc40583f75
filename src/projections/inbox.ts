// The read model of inboxes. It has no table: a counter kept would cost a row a member and message. What is unread is the
// distance from a member's mark to the end of what they may see, and a mark is the highest of their devices'.
import { sql, type RawBuilder } from 'kysely'
import type { InboxRow } from './api.ts'
import type { InboxPage } from './inbox-api.ts'
import { nameAt } from './conversation.ts'
import { statementOf, type Db } from './database.ts'
import { endless, messageColumns, othersBetween } from './message.ts'
import { reactionsTo } from './reaction.ts'
import { markOf } from './receipt.ts'
import { becameColumns, seenMessage, whatBecameOf, type SeenColumns } from './seen.ts'

type Line = Pick<InboxRow, 'kind' | 'name' | 'unread' | 'members' | 'delivered' | 'read' | 'member'> &
  ({ [C in keyof SeenColumns]: SeenColumns[C] | null } & { of: string; place: string })

/**
 * By last activity, newest first. Who has left sees the members, and the name, as they were then. Which conversations are on
 * the page is found first, by a look into an index for each; what is shown is put together for those of the page alone.
 */
export function openInbox(db: Db): (user: string, page?: InboxPage) => Promise<InboxRow[]> {
  const ask = statementOf(db, linesOf(db))
  return async (user, { limit, after = Number.MAX_SAFE_INTEGER } = {}) =>
    (await ask(user, after, limit ?? null)).map(row => ({
      conversation: row.of,
      kind: row.kind,
      name: row.name,
      unread: row.unread,
      last: row.id === null ? null : seenMessage(row as SeenColumns),
      members: row.members,
      delivered: row.delivered,
      read: row.read,
      member: row.member,
      place: Number(row.place),
    }))
}

/** The lines of the user `$1` whose place is before `$2`, `$3` of them at most; null: all. */
function linesOf(db: Db): RawBuilder<Line> {
  const [user, after, limit] = ['$1', '$2::bigint', '$3::bigint'].map(p => sql.raw(p))
  const [memberships, messages] = [db.table('membership'), db.table('message')]
  const newest = (columns: RawBuilder<unknown>, conversation: RawBuilder<unknown>) => sql`
    select m.* from ${memberships} i cross join lateral (
      select ${columns} from ${messages} m where m.conversation = i.conversation
        and m.seq >= i.joined_seq and m.seq < coalesce(i.left_seq, ${sql.lit(endless)})
      order by m.seq desc limit 1) m
    where i.user_id = ${user} and i.conversation = ${conversation} order by i.joined_seq desc limit 1`
  const page = sql`
    select p.*, ${user}::text as user_id from (
      select g.*, greatest(m.position, g.joined_position) as place from (
        select i.conversation, bool_or(i.left_position is null) as member, max(i.joined_position) as joined_position,
          case when not bool_or(i.left_position is null) then max(i.left_position) end as until
        from ${memberships} i where i.user_id = ${user} group by i.conversation
      ) g left join lateral (${newest(sql`m.position`, sql.ref('g.conversation'))}) m on true) p
    where p.place < ${after} order by p.place desc limit ${limit}`
  return sql<Line>`
    select c.conversation as of, i.place, c.kind, ${nameAt(db, sql.ref('i.until'))} as name, k.delivered, k.read, i.member,
      last.*, (select coalesce(sum(${othersBetween(db, {
        conversation: sql.ref('i.conversation'),
        user: sql`i.user_id`,
        from: sql`greatest(i.joined_seq, k.read + 1)`,
        to: sql`coalesce(i.left_seq, ${sql.lit(endless)})`,
      })}), 0)::integer from ${memberships} i where i.user_id = ${user} and i.conversation = c.conversation
        and (i.left_seq is null or i.left_seq > k.read + 1)) as unread,
      array(select o.user_id from ${memberships} o where o.conversation = c.conversation
        and o.joined_position <= coalesce(i.until, o.joined_position)
        and (o.left_position is null or o.left_position >= i.until)
        order by o.joined_position, o.user_id) as members
    from (${page}) i join ${db.table('conversation')} c on c.conversation = i.conversation
    cross join lateral (${markOf(db)}) k
    left join lateral (
      select m.*, ${becameColumns}, ${reactionsTo(db, user)} as reactions
      from (${newest(messageColumns('m'), sql.ref('c.conversation'))}) m ${whatBecameOf(db, user)}
    ) last on true
    order by i.place desc`
}
