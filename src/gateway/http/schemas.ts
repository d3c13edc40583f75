// Everything that crosses HTTP, in zod: what requests are checked by and the OpenAPI document is made from.
import { z } from 'zod'
import { durationMs } from '../retention.ts'
import {
  body,
  conversationId,
  deviceId,
  failureReason,
  memberRole,
  minTtl,
  retention,
  userId,
  uuid,
} from '../socket/protocol.ts'
import { roles } from './auth.ts'

const at = z.iso.datetime({ precision: 3 }).describe('RFC 3339 UTC with milliseconds')
const seq = z.int().nonnegative()
/** Seqs and lines are 32-bit numbers in the read models. */
const most = 2 ** 31 - 1
const text = z
  .string()
  .min(1, 'not empty')
  .regex(/^[^\0]*$/, 'no NUL')
export const position = z.string().regex(/^\d+$/).describe('a commit position in $all, decimal')
const mark = z.int().min(-1).describe('up to and including this seq; -1: none yet')
const kind = z.enum(['direct', 'group'])

/** A whole number in a query: decimal digits, nothing else. */
const whole = (least: number, what: string, greatest = Infinity) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, what)
    .transform(digits => Math.min(Number(digits), most))
    .refine(n => n >= least && n <= greatest, what)
export const seqQuery = whole(0, 'a seq, a whole number from 0')
/** -1, too: "nothing yet", as marks say it. */
export const afterQuery = whole(-1, 'a seq, a whole number from 0; or -1')
export const limitQuery = whole(1, 'a whole number from 1')
export const waitQuery = whole(0, 'a whole number of seconds from 0 to 60', 60)
export const atLeast = z
  .string()
  .regex(/^\d{1,15}$/, 'a position, as a command answered it')
  .transform(Number)
  .optional()
  .describe('waits until the read models have this position; 504 `behind` where that takes too long')

/** A hundred years: beyond, no date could be told. */
const maxTtl = '36500d'
const duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, 'a duration, <n>ms|s|m|h|d')
  .transform(durationMs)
  .refine(ms => ms >= durationMs(minTtl) && ms <= durationMs(maxTtl), `a duration from ${minTtl} to ${maxTtl}`)
const retentionAsked = z.discriminatedUnion('mode', [
  z.object({ mode: z.literal('permanent') }),
  z.object({ mode: z.literal('temporary'), ttl: duration }).transform(({ mode, ttl }) => ({ mode, ttlMs: ttl })),
])

const groupName = text.max(200, 'at most 200 characters').regex(/\S/, 'something to read')
export const groupAsked = z.object({
  id: uuid.optional().describe('chosen by the client, so that asking twice starts one'),
  kind: z.literal('group', 'group; a direct chat starts with its first message'),
  name: groupName,
  members: z.array(userId).max(100_000).default([]).describe('those besides the creator'),
  retention: retentionAsked.optional(),
  delivered: z.boolean('true or false').default(false).describe('whether delivered marks are kept'),
})
export const groupStarted = z.object({ id: z.uuid(), seq, position })

export const memberAsked = z.object({
  user: userId,
  role: memberRole
    .optional()
    .describe('left out: member, or what they are already; who is in with another role gets this one'),
})
export const conversationChange = z.strictObject({
  name: groupName.nullable().optional().describe('null: none, which only a direct chat can have'),
  retention: retentionAsked.optional().describe('of what is sent from now on'),
  delivered: z.boolean('true or false').optional(),
})
export const done = z.object({ position })

export const conversation = z.object({
  id: z.uuid(),
  kind,
  name: z.string().nullable(),
  members: z.array(z.object({ user: userId, role: memberRole })),
  memberLimit: z.int(),
  delivered: z.boolean(),
  retention,
  seq: seq.describe('of its last event'),
})

export const message = z.object({
  seq,
  id: z.uuid(),
  from: userId,
  at,
  body: z.record(z.string(), z.unknown()).nullable(),
  expiresAt: at.optional().describe('when the time of its content is over'),
  edited: z.literal(true).optional().describe('body is not the first one'),
  editedAt: at.optional(),
  retracted: z.literal(true).optional().describe('taken back; body is null'),
  reactions: z
    .array(
      z.object({
        reaction: z.string(),
        count: z.int().min(1),
        mine: z.boolean(),
        users: z.array(userId).describe('the first of them'),
      }),
    )
    .optional()
    .describe('left out where there are none'),
  expired: z.literal(true).optional().describe('its time is over; body is null'),
  gone: z.literal(true).optional().describe('the content no longer exists; body is null'),
})
export const messages = z.object({ messages: z.array(message) })

export const inbox = z.object({
  conversations: z.array(
    z.object({
      conversation: z.uuid(),
      kind,
      name: z.string().nullable(),
      unread: z.int().nonnegative(),
      last: message.nullable(),
      members: z.array(userId),
      delivered: mark,
      read: mark,
      member: z.boolean().describe('whether one is a member now'),
    }),
  ),
  cursor: z
    .string()
    .describe('resuming from it brings all that is newer than this answer; of several pages, from the first one’s'),
  next: z.string().nullable().describe('give it as `after` for the next page; null: that was all'),
})

export const receipts = z.object({
  receipts: z.array(z.object({ user: userId, device: deviceId, delivered: at.nullable(), read: at.nullable() })),
  failed: z.array(z.object({ user: userId, reason: failureReason, attempts: z.int(), at })).describe('given up on for'),
})
export const presence = z.object({ user: userId, state: z.enum(['online', 'offline']), lastSeen: at.nullable() })

export const blocks = z.object({ blocked: z.array(userId) })
export const privacy = z.strictObject({
  lastSeen: z
    .enum(['everyone', 'contacts', 'nobody'], 'everyone, contacts or nobody')
    .describe('contacts: whoever shares a conversation with one'),
})

export const tokenAsked = z.object({
  user: userId,
  roles: z.array(z.enum(roles, `one of ${roles.join(', ')}`)).default(['user']),
  device: deviceId.optional(),
})
export const token = z.object({ token: z.string() })

const said = z.iso
  .datetime('RFC 3339 UTC')
  .transform(text => new Date(text).toISOString())
  .refine(text => !text.startsWith('0000') && !text.startsWith('-'), 'a year from 0001')
  .describe('when it was said, RFC 3339 UTC')
const entry = { line: z.int().min(1).max(most), at: said, user: userId }
const importEntries = 2000
const importedBody = body.extend({
  attachments: z.array(z.string()).max(0, 'a history is imported without its media').optional(),
})
export const historyAsked = z.object({
  source: text.max(256).describe('names the history, such as a file; lines count within it'),
  upToLine: z.int().min(0).max(most).describe('everything up to this line is in, or was no message'),
  entries: z
    .array(
      z.discriminatedUnion('what', [
        z.object({ ...entry, what: z.literal('joined') }),
        z.object({ ...entry, what: z.literal('left') }),
        z.object({ ...entry, what: z.literal('said'), id: uuid, body: importedBody }),
      ]),
    )
    .max(importEntries, `at most ${importEntries} entries`),
})
export const channelAsked = z.object({ channel: text.max(200) })
export const importStarted = z.object({ conversation: z.uuid(), position })
export const imported = z.object({ imported: z.int(), upToLine: z.int(), position })

export const auditedConversations = z.object({
  conversations: z.array(conversation.extend({ former: z.array(userId).describe('members once, and none now') })),
  next: z.string().nullable().describe('give it as `after` for the next page; null: that was all'),
})
export const auditedEvent = z.object({
  position,
  stream: z.string(),
  revision: z.int(),
  id: z.uuid(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()).describe('as stored; contents sealed'),
  metadata: z.object({
    actor: z.object({ user: z.string().nullable(), device: z.string().nullable(), session: z.string().nullable() }),
    origin: z.enum(['user', 'app', 'system']),
    at,
    correlationId: z.string(),
    causationId: z.string(),
  }),
  body: z.record(z.string(), z.unknown()).optional().describe('with open=true, where the key still exists'),
  expired: z.literal(true).optional().describe('with open=true, where the time of the content is over'),
})

export const mediaParams = z.object({ id: z.string().min(1).max(128) })
export const widthQuery = whole(1, 'a whole number from 1 to 4096', 4096)
export const image = z.file().describe('the image: PNG, JPEG, GIF or WebP, told by its bytes')
export const uploaded = z.object({
  id: z.uuid(),
  sha256: z.hash('sha256').describe('of the bytes as they are served: upright, without metadata'),
  size: z.int(),
  type: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  width: z.int(),
  height: z.int(),
  position,
})

const lease = at.nullable().describe('by the database’s clock; null where it has no lease')
export const boxes = z.object({
  boxes: z.array(
    z.object({
      box: z.string(),
      alive: z.boolean().describe('whether it holds a lease; the sessions of one that does not are about to be closed'),
      roles: z.array(z.string()),
      since: lease,
      until: lease,
      sessions: z.int().nonnegative().describe('open, by the log'),
      users: z.int().nonnegative(),
    }),
  ),
})
export const boxParams = z.object({ box: z.string().min(1).max(300) })
export const sessionPlace = z
  .string()
  .regex(/^[^/]{1,64}\/[^/]{1,64}$/, '<user>/<session>, as `next` says it')
  .transform(text => ({ user: text.split('/')[0]!, session: text.split('/')[1]! }))
  .optional()
export const boxSessions = z.object({
  sessions: z.array(z.object({ user: userId, session: z.string(), device: deviceId, openedAt: at })),
  next: z.string().nullable().describe('give it as `after` for the next page; null: that was all'),
})

export const conversationParams = z.object({ id: conversationId })
