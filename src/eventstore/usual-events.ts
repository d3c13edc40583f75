// Messages and marks are nearly all there is in the log, and each is read by every process. Those of the usual form are told by
// hand: 0.1 µs an event where the schemas take 0.4–0.75 and make copies. What is not exactly so is for the schemas to judge.
import type { RawEvent } from './port.ts'

const time = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

type Fields = Readonly<Record<string, unknown>>

/**
 * The event, where its data and metadata are to the last field what the schemas give for a message or a mark. Its type is this
 * program's own string then, which is told from others at a glance; the one that was parsed would be compared letter by letter.
 */
export function usualEvent(raw: RawEvent): RawEvent | undefined {
  const type = ownString(raw.type)
  if (type === undefined || !isMetadata(raw.metadata as Fields | null)) return undefined
  const data = raw.data as Fields | null
  if (!(type === 'MessageSent' ? isMessage(data) : isMark(data))) return undefined
  const { stream, revision, position, id, metadata } = raw
  return { stream, revision, position, id, type, data, metadata }
}

function ownString(type: string): 'MessageSent' | 'MessagesDelivered' | 'MessagesRead' | undefined {
  if (type === 'MessageSent') return 'MessageSent'
  if (type === 'MessagesDelivered') return 'MessagesDelivered'
  return type === 'MessagesRead' ? 'MessagesRead' : undefined
}

/** Without a limit and without media. */
function isMessage(data: Fields | null): boolean {
  if (!has(data, 3) || !isText(data.from) || !isTime(data.at)) return false
  const content = data.content as Fields | null
  return has(content, 2) && isText(content.key) && uuid.test(content.key) && isText(content.box)
}

function isMark(data: Fields | null): boolean {
  return has(data, 4) && isText(data.user) && isText(data.device) && isCount(data.upTo) && isTime(data.at)
}

function isMetadata(metadata: Fields | null): boolean {
  if (!has(metadata, 5)) return false
  const { actor, origin, at, correlationId, causationId } = metadata
  if (origin !== 'user' && origin !== 'app') return false
  return isActor(actor as Fields | null) && isTime(at) && isText(correlationId) && isText(causationId)
}

const isActor = (actor: Fields | null): boolean =>
  has(actor, 3) && isText(actor.user) && isText(actor.device) && isText(actor.session)

const isText = (value: unknown): value is string => typeof value === 'string'
const isTime = (value: unknown): boolean => isText(value) && time.test(value)
const isCount = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value

/** An object with so many fields: that they are the right ones, is seen when they are looked at. */
function has(object: Fields | null, fields: number): object is Fields {
  if (typeof object !== 'object' || object === null) return false
  let count = 0
  for (const _ in object) count++
  return count === fields
}
