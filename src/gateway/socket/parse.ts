// What a client sent, checked: its envelope. A body is cut out as text and stays closed, for the command stage to open. A
// frame that is none is answered with what was found and what is accepted.
import type { z } from 'zod'
import { refuse, type Refusal } from '../../domain/index.ts'
import { cutMember } from './json-member.ts'
import { type ClientFrame, clientFrames } from './protocol.ts'
import { usualFrame } from './usual-frames.ts'

type WithoutBody<F> = F extends unknown ? Omit<F, 'body'> : never
/** A frame without what only its receivers should see. */
export type Envelope = WithoutBody<ClientFrame>

export type Parsed =
  | { readonly frame: Envelope; readonly body: string | undefined }
  | { readonly refusal: Refusal; readonly id: string | undefined }

const types = Object.keys(clientFrames).join(', ')
const isType = (type: unknown): type is keyof typeof clientFrames =>
  typeof type === 'string' && Object.hasOwn(clientFrames, type)
const schemas = Object.entries(clientFrames) as [keyof typeof clientFrames, z.ZodObject][]
const withBody = new Set(schemas.flatMap(([type, schema]) => ('body' in schema.shape ? [type] : [])))
const envelopes = Object.fromEntries(
  schemas.map(([type, schema]) => [type, withBody.has(type) ? schema.omit({ body: true }) : schema]),
) as unknown as Record<keyof typeof clientFrames, z.ZodType<Envelope>>

/** `body` is the text of a `send`'s or `edit`'s body as it came, at most `bodyBytes` of UTF-8; what is in it was not looked at. */
export function parseFrame(text: string, bodyBytes: number): Parsed {
  const cut = cutMember(text, 'body')
  let found: unknown
  try {
    found = JSON.parse(cut?.rest ?? '')
  } catch {
    return bad('this is not JSON; a frame is one JSON object')
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return bad(`this is ${kindOf(found)}; a frame is one JSON object`)
  const { type, id } = found as { type?: unknown; id?: unknown }
  if (!isType(type)) return bad(`type is ${shown(type)}; accepted are ${types}`, id)

  let frame: Envelope | undefined = usualFrame(found)
  if (frame === undefined) {
    const checked = envelopes[type].safeParse(found)
    if (!checked.success) return bad(explain(checked.error, found), id)
    frame = checked.data
  }
  if (!withBody.has(type)) return { frame, body: undefined }

  const body = cut?.member
  if (body === undefined) return bad('body is missing: an object', id)
  const bytes = Buffer.byteLength(body)
  if (bytes <= bodyBytes) return { frame, body }
  return {
    refusal: refuse('too-large', `body has ${bytes} bytes; at most ${bodyBytes} are accepted`),
    id: id as string,
  }
}

/** Binary frames are none. */
export const binaryFrame: Parsed = bad('this is a binary frame; a frame is one JSON object in a text frame')

/** The first thing that is wrong, where it is, what is there. */
export function explain(error: z.ZodError, found: unknown): string {
  const { path, message } = error.issues[0]!
  let value = found
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key]
  const place = path.length === 0 ? 'it' : path.map(String).join('.')
  return `${place} is ${shown(value)}: ${message.replace(/^Invalid input: /, '')}`
}

function bad(because: string, id?: unknown): Extract<Parsed, { refusal: Refusal }> {
  return { refusal: refuse('bad-frame', because), id: typeof id === 'string' ? id.slice(0, 64) : undefined }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Values are shown where they are short and no content. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length <= 64 ? JSON.stringify(value) : `${value.length} characters long`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value)
}
