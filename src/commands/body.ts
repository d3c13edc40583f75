// A message's body, opened for the first time: what came as text is JSON and the fields that Verbatim knows are what they
// should be. The gateway has only counted its bytes.
import type { Named } from '../domain/conversation/commands.ts'
import { body } from '../gateway/socket/protocol.ts'
import { refuse, type Refusal } from '../domain/index.ts'
import { unlooked } from './named-media.ts'

/** What is to be known of a body before the message is decided on. */
export interface OpenedBody {
  /** Its text as it came. */
  readonly content: string
  /** The media that it names, not looked up yet. */
  readonly attachments?: readonly Named[]
  /** The message that it answers: of the same conversation, and one that the sender may see. */
  readonly replyTo?: string | undefined
}

/** A refusal says why this is no body; contents are not repeated. */
export function openBody(text: string): OpenedBody | Refusal {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return refuse('bad-frame', 'body is not JSON; a frame is one JSON object')
  }
  if (isPlain(found)) return { content: text }
  const checked = body.safeParse(found)
  if (checked.success) {
    const { attachments, replyTo } = checked.data
    return { content: text, replyTo: replyTo?.toLowerCase(), ...unlooked(attachments) }
  }
  const { path, message } = checked.error.issues[0]!
  let value = found
  for (const key of path) value = (value as Record<PropertyKey, unknown>)[key]
  return refuse('bad-frame', `${['body', ...path].map(String).join('.')} is ${kindOf(value)}: ${message}`)
}

/** An object that names nothing and answers nothing, as most are: the schema, which copies it, is not asked. */
function isPlain(found: unknown): boolean {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return false
  const { text, attachments, replyTo } = found as Record<string, unknown>
  return attachments === undefined && replyTo === undefined && (text === undefined || typeof text === 'string')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
