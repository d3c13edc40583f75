// The questions of api.ts, put to the read models.
import { amendmentsSince, failuresOf } from './amendment.ts'
import type { Change, ConversationRow, Queries } from './api.ts'
import { openArrivals } from './arrival.ts'
import { allBlocks, blocksBy } from './block.ts'
import { conversationsAfter, conversationsById, type ConversationColumns } from './conversation.ts'
import type { Db } from './database.ts'
import { devicesOf, signedOutDevices } from './device.ts'
import { expiringBy } from './expiring.ts'
import { importsInto } from './imported.ts'
import { acknowledgedBy, keepingMarks, lateAfter, unacknowledgedBy, undeliveredTo } from './delivery.ts'
import { openInbox } from './inbox.ts'
import { allInboxes } from './inboxes.ts'
import { presenceOf } from './last-seen.ts'
import { memberChangesSince, membersOf } from './membership.ts'
import { grantKeysOf, mediaAfter, mediaOfKeys, mediaSeenBy } from './media.ts'
import { visibleMessage } from './message.ts'
import { openHistory } from './history.ts'
import { askedAbout, messagesSince, saidById, saidIds } from './seen.ts'
import { privacyOf, sightOf } from './privacy.ts'
import { marksOf, receiptsFor, receiptsSince } from './receipt.ts'
import { boxesHavingSessions, boxesWithSessions, sessionsOn } from './session.ts'
import { together } from '../together.ts'

export const openQueries = (db: Db): Queries => ({
  conversations: async ids => withMembers(db, await conversationsById(db, ids)),
  allConversations: async (after, limit) => withMembers(db, await conversationsAfter(db, after ?? '', limit)),
  saidById: ids => saidById(db, ids),
  saidIds: (after, limit) => saidIds(db, after, limit),
  askedAbout: (conversation, asked) => askedAbout(db, conversation, asked),
  marks: of => marksOf(db, of),
  blocks: () => allBlocks(db),
  blocksBy: user => blocksBy(db, user),
  privacyOf: user => privacyOf(db, user),
  sight: pairs => sightOf(db, pairs),
  messages: openHistory(db),
  inbox: openInbox(db),
  inboxes: () => allInboxes(db),
  presence: users => presenceOf(db, users),
  boxesHavingSessions: () => boxesHavingSessions(db),
  boxesWithSessions: () => boxesWithSessions(db),
  sessionsOn: (box, after, limit) => sessionsOn(db, box, after, limit),
  undelivered: (user, upTo, limit, conversation) => undeliveredTo(db, user, upTo, limit, conversation ?? null),
  unacknowledged: openUnacknowledged(db),
  keepingMarks: conversations => keepingMarks(db, conversations),
  acknowledged: (conversation, user) => acknowledgedBy(db, conversation, user),
  late: (after, until, limit) => lateAfter(db, after, until, limit),
  devicesOf: (user, after, limit) => devicesOf(db, user, after ?? '', limit),
  signedOutDevices: () => signedOutDevices(db),
  arrivals: openArrivals(db),
  mediaSeenBy: (user, media) => mediaSeenBy(db, user, media),
  allMedia: (after, limit) => mediaAfter(db, after ?? '', limit),
  mediaOfKeys: keys => mediaOfKeys(db, keys),
  expiring: keys => expiringBy(db, keys),
  grantKeys: (media, asOf) => grantKeysOf(db, media, asOf),

  async receiptsOf(user, conversation, message) {
    const found = await visibleMessage(db, user, conversation, message)
    if (found === undefined) return undefined
    const [receipts, failed] = await Promise.all([receiptsFor(db, found), failuresOf(db, found)])
    return { receipts, failed }
  },

  async changes(user, after, upTo, limit) {
    const [messages, receipts, members, amendments] = await Promise.all([
      messagesSince(db, user, after, upTo, limit),
      receiptsSince(db, user, after, upTo, limit),
      memberChangesSince(db, user, after, upTo, limit),
      amendmentsSince(db, user, after, upTo, limit),
    ])
    const all: Change[] = [
      ...messages.rows.map(row => ({ what: 'message' as const, ...row })),
      ...receipts.map(row => ({ what: 'receipt' as const, ...row })),
      ...members.map(row => ({ what: 'member' as const, ...row })),
      ...amendments.rows.map(row => ({ what: 'amendment' as const, ...row })),
    ]
    // of what was cut by its size, what comes after the cut is on the next page, and so all else that does
    const cuts = [messages, amendments].flatMap(({ rows, more }) => (more ? rows.at(-1)!.position : []))
    const end = Math.min(...cuts)
    const rows = all.filter(({ position }) => position <= end).sort((one, other) => one.position - other.position)
    return { rows: rows.slice(0, limit), more: cuts.length > 0 || rows.length >= limit }
  },
})

/** Everybody who logs in asks; a page each is what one answer may hold. */
function openUnacknowledged(db: Db): Queries['unacknowledged'] {
  const ofAll = together(20, (asked: Parameters<typeof unacknowledgedBy>[1]) => unacknowledgedBy(db, asked))
  return (user, after, upTo, limit) => ofAll({ user, after, upTo, limit })
}

async function withMembers(db: Db, rows: readonly ConversationColumns[]): Promise<readonly ConversationRow[]> {
  if (rows.length === 0) return []
  const ids = rows.map(row => row.conversation)
  const [people, imports] = await Promise.all([membersOf(db, ids), importsInto(db, ids)])
  const [peopleIn, importsIn] = [groups(people), groups(imports)]
  return rows.map(row => ({
    conversation: row.conversation,
    kind: row.kind,
    name: row.name,
    memberLimit: row.member_limit,
    delivered: row.delivered,
    retention: row.retention,
    seq: row.seq,
    asOf: Number(row.as_of),
    members: (peopleIn.get(row.conversation) ?? []).flatMap(({ user_id, role }) =>
      role ? [{ user: user_id, role }] : [],
    ),
    former: (peopleIn.get(row.conversation) ?? []).flatMap(({ user_id, role }) => (role ? [] : [user_id])),
    imported: (importsIn.get(row.conversation) ?? []).map(({ source, up_to_line }) => ({
      source,
      upToLine: up_to_line,
    })),
  }))
}

function groups<Row extends { conversation: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const group = found.get(row.conversation)
    if (group) group.push(row)
    else found.set(row.conversation, [row])
  }
  return found
}
