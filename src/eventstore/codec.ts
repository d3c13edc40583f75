// What an event read back from the log must look like. A shape is checked once, where it enters the process.
import { z } from 'zod'
import type { DomainEvent } from '../domain/index.ts'
import type { Metadata, RawEvent } from './port.ts'
import type { Sealed } from './sealing.ts'
import { usualEvent } from './usual-events.ts'

/** A domain event as the log has it: where it stands, what it says (contents sealed), who and why. */
export type RecordedEvent = DomainEvent<Sealed> & {
  readonly stream: string
  readonly revision: number
  readonly position: number
  readonly id: string
  readonly metadata: Metadata
}

/** One type of event out of all. */
export type Recorded<T extends RecordedEvent['type']> = Extract<RecordedEvent, { type: T }>

/** What the read models can hold: RFC 3339 times of years that have a number, text without NUL, 32-bit numbers. */
const at = z.string().regex(/^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
const text = z.string().regex(/^[^\0]*$/)
const count = z.int32()
const user = z.string()
const role = z.enum(['owner', 'admin', 'member'])
const retention = z.union([
  z.object({ mode: z.literal('permanent') }),
  z.object({ mode: z.literal('temporary'), ttlMs: z.int() }),
])
const sealed = z.object({ key: z.uuid(), box: z.string() })
const ofMessage = z.object({ message: z.string(), messageSeq: count, from: user, at })
const mark = z.object({ user, device: z.string(), upTo: count, at })
const block = z.object({ user, blocked: user, at })
const session = z.object({ user, session: z.string(), device: z.string(), box: z.string(), at })
const attachments = z.array(z.object({ media: z.uuid(), grant: sealed })).exactOptional()
const why = z.enum(['closed-by-client', 'closed-by-server', 'connection-lost', 'box-stopped', 'box-lost', 'signed-out'])

/** One schema per event type: the data as this version writes it. */
export const eventSchemas: { [T in RecordedEvent['type']]: z.ZodType<Recorded<T>['data']> } = {
  ConversationStarted: z.object({
    conversation: z.string(),
    kind: z.enum(['direct', 'group']),
    name: text.nullable(),
    members: z.array(z.object({ user, role })),
    memberLimit: count,
    delivered: z.boolean(),
    retention,
    at,
  }),
  MemberJoined: z.object({ user, role, invitedBy: user.nullable(), at }),
  MemberLeft: z.object({ user, at }),
  MemberRemoved: z.object({ user, by: user, at }),
  MemberRoleChanged: z.object({ user, role, by: user.nullable(), at }),
  ConversationRenamed: z.object({ name: text.nullable(), by: user, at }),
  RetentionChanged: z.object({ retention, by: user, at }),
  DeliveredMarksChanged: z.object({ delivered: z.boolean(), by: user, at }),
  MessageSent: z.object({ from: user, at, expiresAt: at.optional(), content: sealed, attachments }),
  MessageEdited: ofMessage.extend({ expiresAt: at.optional(), content: sealed, attachments }),
  MessageRetracted: ofMessage,
  ReactionAdded: ofMessage.extend({ reaction: text }),
  ReactionRemoved: ofMessage.extend({ reaction: text }),
  DeliveryFailed: z.object({
    message: z.string(),
    messageSeq: count,
    from: user,
    to: user,
    reason: z.enum(['not-acknowledged', 'too-old']),
    attempts: count,
    at,
  }),
  HistoryImported: z.object({ source: text, fromLine: count, upToLine: count, memberLimit: count, at }),
  MessagesDelivered: mark,
  MessagesRead: mark,
  SessionOpened: session,
  SessionClosed: session.extend({ why }),
  UserActive: z.object({ user, at }),
  UserRegistered: z.object({ user, at }),
  DeviceLinked: z.object({ user, device: z.string(), at }),
  DeviceSignedOut: z.object({ user, device: z.string(), at }),
  UserBlocked: block,
  UserUnblocked: block,
  PrivacyChanged: z.object({ user, lastSeen: z.enum(['everyone', 'contacts', 'nobody']), at }),
  RecordAccessed: z.object({ auditor: user, call: z.string(), conversation: z.string().nullable(), at }),
  MediaUploaded: z.object({
    user,
    address: z.hash('sha256'),
    key: z.uuid(),
    type: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
    size: count,
    width: count,
    height: count,
    at,
  }),
  CanarySent: z.object({ box: text, at }),
  MediaDiscarded: z.object({ why: z.enum(['unnamed', 'keys-gone']), at }),
}

export const metadataSchema: z.ZodType<Metadata> = z.object({
  actor: z.object({ user: user.nullable(), device: z.string().nullable(), session: z.string().nullable() }),
  origin: z.enum(['user', 'app', 'system']),
  at,
  correlationId: z.string(),
  causationId: z.string(),
})

const isKnown = (type: string): type is RecordedEvent['type'] => Object.hasOwn(eventSchemas, type)

/**
 * Checks an event from the log. Undefined for a type this version does not know (a newer one wrote it).
 * Throws, naming the place and the field, where a known type has another shape.
 */
export function decode(raw: RawEvent): RecordedEvent | undefined {
  const usual = usualEvent(raw)
  if (usual !== undefined) return usual as RecordedEvent
  if (!isKnown(raw.type)) return undefined
  const data = eventSchemas[raw.type].safeParse(raw.data)
  const meta = metadataSchema.safeParse(raw.metadata)
  if (data.success && meta.success) return { ...raw, data: data.data, metadata: meta.data } as RecordedEvent
  const error = (data.error ?? meta.error)!
  const part = data.success ? 'metadata' : 'data'
  throw new Error(
    `event ${raw.revision} of ${raw.stream} (${raw.type}, position ${raw.position}) has ${part} that cannot be read: ` +
      z.prettifyError(error),
  )
}
