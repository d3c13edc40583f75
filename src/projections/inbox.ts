// The read model of inboxes. It has no table: a counter kept would cost a row a member and message. What is unread is the
// distance from a member's mark to the end of what they may see, and a mark is the highest of their devices'.
import { sql } from 'kysely'
import type { InboxRow } from './api.ts'
import { nameAt } from './conversation.ts'
import { rowsOf, type Db } from './database.ts'
import { endless, messageColumns, othersBetween } from './message.ts'
import { reactionsTo } from './reaction.ts'
import { markOf } from './receipt.ts'
import { becameColumns, seenMessage, whatBecameOf, type SeenColumns } from './seen.ts'

type Line = Pick<InboxRow, 'kind' | 'name' | 'unread' | 'members' | 'delivered' | 'read' | 'member'> &
  ({ [C in keyof SeenColumns]: SeenColumns[C] | null } & { of: string })

/** Who has left sees the members, and the name, as they were then. */
export async function inboxOf(db: Db, user: string): Promise<InboxRow[]> {
  const [memberships, messages] = [db.table('membership'), db.table('message')]
  const rows = await rowsOf(
    db,
    sql<Line>`
      select c.conversation as of, c.kind, ${nameAt(db, sql.ref('c.until'))} as name, c.delivered, c.read, c.member, last.*,
        (select coalesce(sum(${othersBetween(db, {
          conversation: sql.ref('i.conversation'),
          user: sql`i.user_id`,
          from: sql`greatest(i.joined_seq, c.read + 1)`,
          to: sql`coalesce(i.left_seq, ${endless}::integer)`,
        })}), 0)::integer from ${memberships} i where i.user_id = ${user} and i.conversation = c.conversation
          and (i.left_seq is null or i.left_seq > c.read + 1)) as unread,
        array(select o.user_id from ${memberships} o where o.conversation = c.conversation
          and o.joined_position <= coalesce(c.until, o.joined_position)
          and (o.left_position is null or o.left_position >= c.until)
          order by o.joined_position, o.user_id) as members
      from (
        select c.conversation, c.kind, c.name, c.first_name, k.delivered, k.read,
          bool_or(i.left_position is null) as member, max(i.joined_position) as joined_position,
          case when not bool_or(i.left_position is null) then max(i.left_position) end as until
        from ${memberships} i join ${db.table('conversation')} c on c.conversation = i.conversation
        cross join lateral (${markOf(db)}) k
        where i.user_id = ${user} group by c.conversation, k.delivered, k.read
      ) c left join lateral (
        select m.*, ${becameColumns}, ${reactionsTo(db, user)} as reactions from (
          select m.* from ${memberships} i cross join lateral (
            select ${messageColumns('m')} from ${messages} m where m.conversation = i.conversation
              and m.seq >= i.joined_seq and m.seq < coalesce(i.left_seq, ${endless}::integer)
            order by m.seq desc limit 1) m
          where i.user_id = ${user} and i.conversation = c.conversation
          order by i.joined_seq desc limit 1) m
        ${whatBecameOf(db, user)}
      ) last on true
      order by greatest(last.position, c.joined_position) desc`,
  )
  return rows.map(row => ({
    conversation: row.of,
    kind: row.kind,
    name: row.name,
    unread: row.unread,
    last: row.id === null ? null : seenMessage(row as SeenColumns),
    members: row.members,
    delivered: row.delivered,
    read: row.read,
    member: row.member,
  }))
}
