// The frames: every shape that crosses a socket, with the schemas that check what clients send. Stands alone: the SDK
// takes its types from here, and the API documents are generated from it.
import { z } from 'zod'

/** User ids: 1–64 of these characters, case-sensitive. */
export const userIdForm = /^[A-Za-z0-9._\-@[\]\\^{}|`]{1,64}$/
export const userId = z
  .string()
  .regex(userIdForm, 'a user id has 1–64 of the characters A–Z a–z 0–9 . _ - @ [ ] \\ ^ { } | `')
/** Devices are named by their tokens, in the alphabet of user ids. */
export const deviceId = userId
export const uuid = z.uuid('a UUID').transform(id => id.toLowerCase())
/** Any short name may be asked for; one that is no UUID is simply unknown. */
export const conversationId = z.string().min(1).max(128)
const origin = z.enum(['app', 'user'], 'app or user')
const upTo = z.int('a seq, a whole number')

/** The client's own JSON object, stored and returned as it came. Fields that Verbatim knows are checked where present. */
export const body = z.looseObject({
  text: z.string('a string').optional(),
  attachments: z
    .array(uuid)
    .max(32, 'at most 32 ids of media')
    .optional()
    .describe('ids of media that the sender may see'),
  replyTo: z.uuid().optional(),
})

/** UTF-8 bytes of a reaction: the longest emoji that are one picture have about 50. */
export const reactionBytes = 64
/** Stands in the clear in the log, and so is kept too short to say much. */
export const reaction = z
  .string()
  .regex(/^[^\s\p{Cc}\p{Cs}]+$/u, 'one emoji or a short name, without spaces')
  .refine(text => Buffer.byteLength(text) <= reactionBytes, `at most ${reactionBytes} bytes of UTF-8`)

const ofMessage = { id: uuid, conversation: conversationId, message: z.string().min(1).max(128).describe('its id') }
const asked = { origin: origin.optional() }

export const clientFrames = {
  send: z.object({
    type: z.literal('send'),
    id: uuid,
    to: z.union(
      [z.strictObject({ user: userId }), z.strictObject({ conversation: conversationId })],
      'accepted are {"user":"<user id>"} and {"conversation":"<id>"}',
    ),
    body,
    ...asked,
  }),
  edit: z.object({ type: z.literal('edit'), ...ofMessage, body, ...asked }),
  retract: z.object({ type: z.literal('retract'), ...ofMessage, ...asked }),
  react: z.object({
    type: z.literal('react'),
    ...ofMessage,
    reaction,
    on: z.boolean('true or false').default(true).describe('false takes it away'),
    ...asked,
  }),
  delivered: z.object({ type: z.literal('delivered'), conversation: conversationId, upTo, ...asked }),
  read: z.object({ type: z.literal('read'), conversation: conversationId, upTo, ...asked }),
  typing: z.object({ type: z.literal('typing'), conversation: conversationId, ...asked }),
  watch: z.object({ type: z.literal('watch'), users: z.array(userId).min(1), ...asked }),
  unwatch: z.object({ type: z.literal('unwatch'), users: z.array(userId).min(1), ...asked }),
  activity: z.object({ type: z.literal('activity'), ...asked }),
  resume: z.object({ type: z.literal('resume'), cursor: z.string(), ...asked }),
  ping: z.object({ type: z.literal('ping'), ...asked }),
}

type ClientFrames = typeof clientFrames
export type ClientFrame = { [T in keyof ClientFrames]: z.infer<ClientFrames[T]> }[keyof ClientFrames]

const at = z.iso.datetime({ precision: 3 })
const cursor = z.string().describe('opaque; never expires')
const seq = z.int().nonnegative()

/** The shortest time for which messages can be kept. */
export const minTtl = '1s'
export const memberRole = z.enum(['owner', 'admin', 'member'], 'owner, admin or member')
export const retention = z.union([
  z.object({ mode: z.literal('permanent') }),
  z.object({ mode: z.literal('temporary'), ttl: z.string().describe('a duration, <n>ms|s|m|h|d') }),
])

export const failureReason = z
  .enum(['not-acknowledged', 'too-old'])
  .describe('it was pushed as often as it may be; it was not acknowledged in time')

const limits = z.object({
  members: z.int().describe('members of a group, its creator among them'),
  bodyBytes: z.int(),
  frameBytes: z.int(),
  mediaBytes: z.int().describe('bytes that an image may have'),
  framesPerRequest: z.int().describe('frames that one POST /v1/frames may have'),
  pageSize: z.int(),
  watch: z.int().describe('users that one session may watch'),
  reactionBytes: z.int(),
  minTtl: z.string().describe('the shortest ttl of a temporary conversation, a duration'),
})

const bodyTold = z.record(z.string(), z.unknown()).nullable().describe('null where the content is gone')
const expired = z.literal(true).optional().describe('its time is over; body is null')
const amends = {
  conversation: z.uuid(),
  seq,
  id: z.uuid().describe('of the frame that asked for it'),
  message: z.uuid(),
  messageSeq: seq,
  from: userId,
  at,
}

export const serverFrames = {
  welcome: z.object({
    type: z.literal('welcome'),
    user: userId,
    session: z.string(),
    device: z.string(),
    box: z.string(),
    epoch: z.string(),
    cursor,
    limits,
  }),
  sent: z.object({
    type: z.literal('sent'),
    id: z.uuid(),
    conversation: z.uuid(),
    seq,
    at,
    position: z.string().describe('decimal'),
  }),
  message: z.object({
    type: z.literal('message'),
    conversation: z.uuid(),
    seq,
    id: z.uuid(),
    from: userId,
    at,
    body: bodyTold,
    expiresAt: at.optional().describe('when the time of its content is over'),
    editedAt: at.optional().describe('where the body is not the first; told to sessions that do not resume'),
    retracted: z.literal(true).optional().describe('body is null'),
    expired,
    previous: seq
      .optional()
      .describe(
        'what everybody in the conversation was told last before it: who was in and has not had it misses something',
      ),
    cursor,
  }),
  edited: z.object({
    type: z.literal('edited'),
    ...amends,
    body: bodyTold,
    expiresAt: at.optional(),
    expired,
    cursor,
  }),
  retracted: z.object({ type: z.literal('retracted'), ...amends, cursor }),
  reacted: z.object({
    type: z.literal('reacted'),
    ...amends,
    reaction: z.string(),
    on: z.boolean().describe('false: taken away'),
    cursor,
  }),
  receipt: z.object({
    type: z.literal('receipt'),
    conversation: z.uuid(),
    by: userId,
    delivered: seq.optional(),
    read: seq.optional().describe('what is read is delivered'),
    at,
    cursor,
  }),
  failed: z.object({
    type: z.literal('failed'),
    id: z.uuid().describe('of the message, which its author is told about; once for each member it is given up on for'),
    conversation: z.uuid(),
    seq: seq.describe('of the message'),
    to: userId.describe('who has not acknowledged it'),
    reason: failureReason,
    attempts: z.int().nonnegative().describe('how often it was pushed by the box that gave up; 0 where age ended it'),
    at,
    cursor,
  }),
  member: z.object({
    type: z.literal('member'),
    conversation: z.uuid(),
    seq,
    user: userId,
    change: z.enum(['joined', 'left', 'removed', 'role']),
    role: memberRole.optional().describe('that they have now'),
    by: userId.optional().describe('who let them in, took them out or gave the role; left out: nobody but themselves'),
    at,
    cursor,
  }),
  changed: z.object({
    type: z.literal('changed'),
    conversation: z.uuid(),
    seq,
    by: userId,
    name: z.string().nullable().optional(),
    retention: retention.optional().describe('of what is sent from then on'),
    delivered: z.boolean().optional().describe('whether delivered marks are kept'),
    at,
    cursor,
  }),
  typing: z.object({ type: z.literal('typing'), conversation: z.uuid(), user: userId }),
  presence: z.object({
    type: z.literal('presence'),
    user: userId,
    state: z.enum(['online', 'offline']),
    lastSeen: at.nullable(),
  }),
  resumed: z.object({ type: z.literal('resumed'), cursor }),
  reset: z.object({ type: z.literal('reset'), reason: z.enum(['epoch', 'unknown-cursor']) }),
  head: z.object({ type: z.literal('head'), cursor }),
  load: z.object({
    type: z.literal('load'),
    level: z.int().min(0).max(4).describe('0: nothing is shed'),
    shedding: z.array(z.enum(['presence', 'typing', 'delivered', 'read', 'messages'])).describe('what is, for now'),
  }),
  error: z.object({
    type: z.literal('error'),
    id: z.string().optional(),
    code: z.string(),
    message: z.string(),
    retryAfterMs: z.int().optional(),
  }),
  pong: z.object({ type: z.literal('pong') }),
}

type ServerFrames = typeof serverFrames
export type ServerFrame = { [T in keyof ServerFrames]: z.infer<ServerFrames[T]> }[keyof ServerFrames]
export type Limits = z.infer<typeof limits>

/** The subprotocol of `GET /v1/socket`. */
export const subprotocol = 'verbatim.v1'

/** Verbatim's own close codes (RFC 6455 leaves 4000–4999 to applications): 4000–4499 come back, 4500–4999 do not. */
export const closeCodes = {
  goingAway: 4000,
  slowReader: 4001,
  overloaded: 4002,
  tokenExpired: 4500,
  signedOut: 4501,
} as const
