// A stored event: a fixed header with what the store itself asks about, the very gRPC frame that readers are sent, and its
// length once more, by which the log is read backwards.
import { FRAME_HEADER } from '../../wire/frames.ts'
import { putVarint, varintSize } from '../../wire/writer.ts'

export interface ProposedEvent {
  /** A lower-case UUID. */
  id: string
  type: string
  isJson: boolean
  data: Buffer
  metadata: Buffer
}

/** Header, frame and length in one piece of memory: written once, and from then on only copied. */
export type EventRecord = Buffer

// The header. First what the log on disk is checked by: the record's length, a checksum of all that follows it, and how
// far into which commit the record is; those but the length are storage's to fill in. Then where things stand (offsets
// count from the frame's first byte), and the numbers that reading needs.
export const LENGTH = 0
export const CHECKSUM = 4
export const COMMIT_OFFSET = 8
export const COMMIT_LENGTH = 12
const ID_AT = 16
const NAME_AT = 17
const NAME_LENGTH = 19
const TYPE_AT = 21
const TYPE_LENGTH = 23
const CREATED = 25
export const POSITION = 31
const REVISION = 39
const FRAME_AT = 47
export const RECORD_HEADER = FRAME_AT
export const RECORD_TRAILER = 4

const ID_LENGTH = 36
const ID_FIELD = 40 // tag and length of the UUID message, tag and length of its string, the string

export const frameOf = (record: EventRecord): Buffer => record.subarray(FRAME_AT, record.length - RECORD_TRAILER)
export const positionOf = (record: EventRecord): number => record.readDoubleBE(POSITION)
export const revisionOf = (record: EventRecord): number => record.readDoubleBE(REVISION)
/** ms since 1970. */
export const createdOf = (record: EventRecord): number => record.readUIntBE(CREATED, 6)

/** Positions count bytes, as EventStoreDB's do: the next event's is this one's plus its record's length. */
export const positionAfter = (record: EventRecord): number => positionOf(record) + record.length

export const idOf = (record: EventRecord): string => {
  const at = FRAME_AT + record[ID_AT]!
  return record.toString('latin1', at, at + ID_LENGTH)
}

export const streamOf = (record: EventRecord): string => record.toString('utf8', ...streamSpan(record))
export const typeOf = (record: EventRecord): string => record.toString('utf8', ...typeSpan(record))

export type Span = [start: number, end: number]

export const streamSpan = (record: EventRecord): Span => {
  const at = FRAME_AT + record.readUInt16BE(NAME_AT)
  return [at, at + record.readUInt16BE(NAME_LENGTH)]
}

export const typeSpan = (record: EventRecord): Span => {
  const at = FRAME_AT + record.readUInt16BE(TYPE_AT)
  return [at, at + record.readUInt16BE(TYPE_LENGTH)]
}

/** The part of RecordedEvent that follows its id: that comes first and has a fixed length; ReadEvent's position is last. */
export const afterId = (record: EventRecord): Buffer =>
  record.subarray(
    FRAME_AT + record[ID_AT]! - 4 + ID_FIELD,
    record.length - RECORD_TRAILER - 1 - varintSize(positionOf(record)),
  )

/** Longest stream name and event type, in bytes: the header has 16 bits for each place, and an index key has a limit. */
export const LONGEST_NAME = 1024
export const LONGEST_TYPE = 16_384

const CONTENT_TYPE_JSON = Buffer.from('\x32\x20\x0a\x0ccontent-type\x12\x10application/json', 'latin1')
const CONTENT_TYPE_BYTES = Buffer.from('\x32\x28\x0a\x0ccontent-type\x12\x18application/octet-stream', 'latin1')

const spanSize = (length: number): number => 1 + varintSize(length) + length

const putSpan = (into: Buffer, at: number, tag: number, length: number): number => {
  into[at] = tag
  return putVarint(into, at + 1, length)
}

const putNumber = (into: Buffer, at: number, tag: number, value: number): number => {
  into[at] = tag
  return putVarint(into, at + 1, value)
}

/**
 * Field numbers are those of `ReadResp` in EventStoreDB's streams.proto. `now` is in ms; `created` goes out in units of
 * 100 ns, as text.
 */
export const encodeEvent = (
  event: ProposedEvent,
  stream: Buffer,
  revision: number,
  position: number,
  now: number,
): EventRecord => {
  const type = Buffer.from(event.type)
  const created = `${now}0000`
  const contentType = event.isJson ? CONTENT_TYPE_JSON : CONTENT_TYPE_BYTES
  const positionSize = 1 + varintSize(position)
  const typeEntry = 6 + spanSize(type.length)
  const createdEntry = 9 + spanSize(created.length)
  const recorded =
    ID_FIELD +
    spanSize(spanSize(stream.length)) +
    (1 + varintSize(revision)) +
    2 * positionSize +
    spanSize(typeEntry) +
    contentType.length +
    spanSize(createdEntry) +
    (event.metadata.length > 0 ? spanSize(event.metadata.length) : 0) +
    spanSize(event.data.length)
  const readEvent = spanSize(recorded) + positionSize
  const message = spanSize(readEvent)

  const out = Buffer.allocUnsafe(FRAME_AT + FRAME_HEADER + message + RECORD_TRAILER)
  out[FRAME_AT] = 0
  out.writeUInt32BE(message, FRAME_AT + 1)
  let at = FRAME_AT + FRAME_HEADER
  at = putSpan(out, at, 0x0a, readEvent) // ReadResp.event
  at = putSpan(out, at, 0x0a, recorded) // ReadEvent.event
  out.write('\x0a\x26\x12\x24', at, 'latin1') // RecordedEvent.id, as a string
  const idAt = at + 4
  out.write(event.id, idAt, 'latin1')
  at = putSpan(out, idAt + ID_LENGTH, 0x12, spanSize(stream.length)) // stream_identifier
  at = putSpan(out, at, 0x1a, stream.length)
  const nameAt = at
  at += stream.copy(out, at)
  at = putNumber(out, at, 0x18, revision) // stream_revision
  at = putNumber(out, at, 0x20, position) // prepare_position
  at = putNumber(out, at, 0x28, position) // commit_position
  at = putSpan(out, at, 0x32, typeEntry) // metadata, a map: one entry a field
  at += out.write('\x0a\x04type', at, 'latin1')
  at = putSpan(out, at, 0x12, type.length)
  const typeAt = at
  at += type.copy(out, at)
  at += contentType.copy(out, at)
  at = putSpan(out, at, 0x32, createdEntry)
  at += out.write('\x0a\x07created', at, 'latin1')
  at = putSpan(out, at, 0x12, created.length)
  at += out.write(created, at, 'latin1')
  if (event.metadata.length > 0) {
    at = putSpan(out, at, 0x3a, event.metadata.length) // custom_metadata
    at += event.metadata.copy(out, at)
  }
  at = putSpan(out, at, 0x42, event.data.length) // data
  at += event.data.copy(out, at)
  at = putNumber(out, at, 0x18, position) // ReadEvent.commit_position
  out.writeUInt32BE(out.length, at)

  out.writeUInt32BE(out.length, LENGTH)
  out.fill(0, CHECKSUM, ID_AT)
  out[ID_AT] = idAt - FRAME_AT
  out.writeUInt16BE(nameAt - FRAME_AT, NAME_AT)
  out.writeUInt16BE(stream.length, NAME_LENGTH)
  out.writeUInt16BE(typeAt - FRAME_AT, TYPE_AT)
  out.writeUInt16BE(type.length, TYPE_LENGTH)
  out.writeUIntBE(now, CREATED, 6)
  out.writeDoubleBE(position, POSITION)
  out.writeDoubleBE(revision, REVISION)
  return out
}
