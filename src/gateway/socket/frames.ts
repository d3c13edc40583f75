// Pushed frames, each encoded once however many sessions get it. From the live log and from the read models alike, so that
// what is resumed is what would have been pushed, but for `previous`.
import type { SentMessage } from '../../commands/index.ts'
import type { Refusal, Role } from '../../domain/index.ts'
import type { Keyring, Position, Sealed } from '../../eventstore/index.ts'
import type { AmendmentRow } from '../../projections/index.ts'
import { retentionShown } from '../retention.ts'
import { sentenceOf } from '../sentences.ts'
import type { Cursors } from './cursor.ts'
import { expiring } from './expiring.ts'
import type { Outgoing } from './outbox.ts'
import type { ServerFrame } from './protocol.ts'
import { textFrame } from './wire.ts'

interface PushedMessage {
  readonly conversation: string
  readonly seq: number
  /** What everybody in the conversation was told last before it, where that is known. */
  readonly previous?: number | undefined
  readonly id: string
  readonly from: string
  readonly at: string
  readonly expiresAt?: string | undefined
  readonly editedAt?: string | undefined
  /** Null: retracted. */
  readonly content: Sealed | null
  readonly position: Position
}

interface PushedReceipt {
  readonly conversation: string
  readonly user: string
  readonly kind: 'delivered' | 'read'
  readonly upTo: number
  readonly at: string
  readonly position: Position
}

interface PushedMember {
  readonly conversation: string
  readonly seq: number
  readonly user: string
  readonly change: 'joined' | 'left' | 'removed' | 'role'
  /** Null where they have none any more. */
  readonly role: Role | null
  /** Null: nobody but themselves. */
  readonly by: string | null
  readonly at: string
  readonly position: Position
}

type WithBody = (
  kind: 'message' | 'membership',
  position: Position,
  place: { conversation: string; message: string; expiresAt?: string | undefined },
  content: Sealed | null,
  head: string,
  tail: string,
) => Outgoing

export interface Frames {
  message(message: PushedMessage): Outgoing
  receipt(receipt: PushedReceipt): Outgoing
  member(member: PushedMember): Outgoing
  amendment(amendment: AmendmentRow): Outgoing
}

/** An answer, or anything else for one session. */
export function answer(frame: ServerFrame): Outgoing {
  const bytes = textFrame(JSON.stringify(frame))
  return { class: 'answer', bytes, size: bytes.length }
}

/** The answer to what was said: ids, times and positions have no character that JSON escapes. */
export function sentAnswer({ id, conversation, seq, at, position }: SentMessage): Outgoing {
  const bytes = textFrame(
    `{"type":"sent","id":"${id}","conversation":"${conversation}","seq":${seq},"at":"${at}","position":"${position}"}`,
  )
  return { class: 'answer', bytes, size: bytes.length }
}

/** `id` is the frame's that is refused, where it has one. */
export function refusalFrame(refusal: Refusal, id: string | undefined) {
  const { refused: code, retryAfterMs } = refusal
  return {
    type: 'error' as const,
    ...(id === undefined ? {} : { id }),
    code,
    message: sentenceOf(refusal),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** That somebody types is said once, however long it waits. */
export function typingFrame(frame: Extract<ServerFrame, { type: 'typing' }>): Outgoing {
  const bytes = textFrame(JSON.stringify(frame))
  return { class: 'typing', key: `${frame.conversation} ${frame.user}`, bytes, size: bytes.length }
}

/** The newest state of a watched user replaces what waits. */
export function presenceFrame(frame: Extract<ServerFrame, { type: 'presence' }>): Outgoing {
  const bytes = textFrame(JSON.stringify(frame))
  return { class: 'presence', key: frame.user, bytes, size: bytes.length }
}

export function createFrames(keyring: Keyring, cursors: Cursors, now: () => number = Date.now): Frames {
  const placed = (position: Position, fields: Record<string, unknown>): Outgoing => {
    const bytes = textFrame(JSON.stringify({ ...fields, cursor: cursors.of(position) }))
    return { class: 'membership', position, bytes, size: bytes.length }
  }

  /** A frame with a body: `head`, the body as it came, `tail`. From `expiresAt` on, and however late it goes out, without. */
  const withBody: WithBody = (kind, position, place, content, head, tail) => {
    const frame = opening(kind, position, place, content, head, tail)
    if (place.expiresAt === undefined || content === null) return frame
    return expiring(frame, Date.parse(place.expiresAt), now, `${head}null,"expired":true${tail}`)
  }

  const opening: WithBody = (kind, position, place, content, head, tail) => {
    const text = content && keyring.open(place, content)
    if (text === null || typeof text === 'string') {
      const bytes = textFrame(head + (text ?? 'null') + tail)
      return { class: kind, position, bytes, size: bytes.length }
    }
    const opened = text.then(late => {
      frame.bytes = textFrame(head + (late ?? 'null') + tail)
    })
    opened.catch(() => undefined) // told by whoever waits for the frame
    const frame: Outgoing = { class: kind, position, bytes: undefined, opened, size: content!.box.length }
    return frame
  }

  const member = ({ conversation, seq, user, change, role, by, at, position }: PushedMember) => {
    const more = { ...(role === null ? {} : { role }), ...(by === null ? {} : { by }) }
    return placed(position, { type: 'member', conversation, seq, user, change, ...more, at })
  }

  return {
    message(message) {
      const { conversation, id, content, position, expiresAt } = message
      // ids, times and cursors have no character that JSON escapes; a user id may have a backslash; the body is JSON already
      const head = `{"type":"message","conversation":"${conversation}","seq":${message.seq},"id":"${id}","from":${JSON.stringify(message.from)},"at":"${message.at}","body":`
      const expiry = expiresAt === undefined ? '' : `,"expiresAt":"${expiresAt}"`
      const became =
        content === null
          ? ',"retracted":true'
          : message.editedAt === undefined
            ? ''
            : `,"editedAt":"${message.editedAt}"`
      const previous = message.previous === undefined ? '' : `,"previous":${message.previous}`
      const tail = `${expiry}${became}${previous},"cursor":"${cursors.of(position)}"}`
      return withBody('message', position, { conversation, message: id, expiresAt }, content, head, tail)
    },

    receipt({ conversation, user, kind, upTo, at, position }) {
      const by = JSON.stringify(user)
      const bytes = textFrame(
        `{"type":"receipt","conversation":"${conversation}","by":${by},"${kind}":${upTo},"at":"${at}","cursor":"${cursors.of(position)}"}`,
      )
      const key = `${kind} ${conversation} ${user}`
      return { class: 'receipt', position, key, mark: upTo, bytes, size: bytes.length }
    },

    member,

    amendment(amendment) {
      const { conversation, seq, id, position } = amendment
      const about = { conversation, seq, id }
      switch (amendment.type) {
        case 'MemberRoleChanged':
          return member({ conversation, seq, position, change: 'role', ...amendment.data })
        case 'ConversationRenamed':
        case 'DeliveredMarksChanged':
          return placed(position, { type: 'changed', conversation, seq, ...amendment.data })
        case 'RetentionChanged': {
          const retention = retentionShown(amendment.data.retention)
          return placed(position, { type: 'changed', conversation, seq, ...amendment.data, retention })
        }
        case 'MessageEdited': {
          const { content, message, expiresAt, attachments: _, ...data } = amendment.data // the body names them; what opens them stays here
          const head = JSON.stringify({ type: 'edited', ...about, message, ...data, expiresAt }).slice(0, -1)
          const tail = `,"cursor":"${cursors.of(position)}"}`
          const place = { conversation, message, expiresAt }
          return withBody('membership', position, place, content, `${head},"body":`, tail)
        }
        case 'MessageRetracted':
          return placed(position, { type: 'retracted', ...about, ...amendment.data })
        case 'DeliveryFailed': {
          const { message: id, messageSeq: seq, to, reason, attempts, at } = amendment.data
          return placed(position, { type: 'failed', id, conversation, seq, to, reason, attempts, at })
        }
        case 'ReactionAdded':
        case 'ReactionRemoved': {
          const on = amendment.type === 'ReactionAdded'
          return placed(position, { type: 'reacted', ...about, ...amendment.data, on })
        }
      }
    },
  }
}
