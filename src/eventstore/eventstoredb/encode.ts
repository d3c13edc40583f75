// What is asked, as gRPC frames of EventStoreDB's streams.proto. An event's JSON is made once and goes into them as it is.
import { randomInt } from 'node:crypto'
import { frame, FRAME_HEADER } from '../../wire/frames.ts'
import {
  emptyField,
  lengthOf,
  messageField,
  numberField,
  putVarint,
  stringField,
  varintSize,
} from '../../wire/writer.ts'
import type { ExpectedRevision, NewEvent, Position } from '../port.ts'

export const paths = {
  append: '/event_store.client.streams.Streams/BatchAppend',
  read: '/event_store.client.streams.Streams/Read',
}

const spanSize = (length: number) => 1 + varintSize(length) + length
const putSpan = (into: Buffer, at: number, tag: number, length: number) => {
  into[at] = tag
  return putVarint(into, at + 1, length)
}

/** What is the same in all events of a type: `metadata` with `type` and `content-type`. There are few types. */
const sameOfType = new Map<string, Buffer>()
function ofType(type: string): Buffer {
  let same = sameOfType.get(type)
  if (!same) {
    const entry = (key: string, value: string) => messageField(2, stringField(1, key), stringField(2, value))
    same = Buffer.concat([entry('type', type), entry('content-type', 'application/json')])
    sameOfType.set(type, same)
  }
  return same
}

const idLength = 36

/** An event as `proposed_messages` of a BatchAppendReq: one piece of memory of its exact size. */
export function proposed({ id, type, data, metadata }: NewEvent): Buffer {
  const same = ofType(type)
  const dataText = JSON.stringify(data)
  const metadataText = JSON.stringify(metadata)
  const dataSize = Buffer.byteLength(dataText)
  const metadataSize = Buffer.byteLength(metadataText)
  const size = spanSize(2 + idLength) + same.length + spanSize(metadataSize) + spanSize(dataSize)
  const out = Buffer.allocUnsafe(spanSize(size))
  let at = putSpan(out, 0, 0x1a, size)
  at = putSpan(out, at, 0x0a, 2 + idLength)
  at = putSpan(out, at, 0x12, idLength)
  at += out.write(id, at, 'latin1')
  at += same.copy(out, at)
  at = putSpan(out, at, 0x1a, metadataSize)
  at += out.write(metadataText, at)
  at = putSpan(out, at, 0x22, dataSize)
  out.write(dataText, at)
  return out
}

/** Bytes of events in one message; more are sent in several, which the store appends as one. As the official client does. */
const mostBytes = 3 * 1024 * 1024
const isFinal = numberField(4, 1)

/** High half of the ids by which answers are told apart: of this process alone, so that no two boxes say the same. */
const ours = numberField(1, randomInt(2 ** 47, 2 ** 48 - 1))

/** `n` names the append in its answer. The deadline is in seconds since 1970. */
export function appendFrames(
  n: number,
  stream: string,
  expected: ExpectedRevision,
  deadline: number,
  events: readonly Buffer[],
): Buffer[] {
  const correlation = messageField(1, messageField(1, ours, numberField(2, n)))
  const options = messageField(
    2,
    messageField(1, stringField(3, stream)),
    expected === 'none' ? emptyField(3) : expected === 'any' ? emptyField(4) : numberField(2, expected),
    messageField(6, numberField(1, deadline)),
  )
  const parts: Buffer[] = []
  let message = [correlation, options]
  let bytes = 0
  for (const event of events) {
    if (bytes > 0 && bytes + event.length >= mostBytes) {
      parts.push(header(message), ...message)
      message = [correlation]
      bytes = 0
    }
    bytes += event.length
    message.push(event)
  }
  message.push(isFinal)
  parts.push(header(message), ...message)
  return parts
}

function header(message: readonly Buffer[]): Buffer {
  const out = Buffer.alloc(FRAME_HEADER)
  out.writeUInt32BE(lengthOf(message), 1)
  return out
}

const asStrings = messageField(9, emptyField(2))

/** A page of a stream, from a revision (null: the last one) on or back. */
export const readFrame = (stream: string, from: number | null, backwards: boolean, count: number): Buffer =>
  frame(
    messageField(
      1,
      messageField(1, messageField(1, stringField(3, stream)), from === null ? emptyField(4) : numberField(2, from)),
      numberField(3, backwards ? 1 : 0),
      numberField(5, count),
      emptyField(8),
      asStrings,
    ),
  )

/** All of the streams with these prefixes after a position (null: from the start), for ever; a checkpoint every 32 × `interval`. */
export const subscribeFrame = (prefixes: readonly string[], after: Position | null, interval: number): Buffer =>
  frame(
    messageField(
      1,
      messageField(2, after === null ? emptyField(2) : messageField(1, numberField(1, after), numberField(2, after))),
      emptyField(6),
      messageField(
        7,
        messageField(1, ...prefixes.map(prefix => stringField(2, prefix))),
        emptyField(4),
        numberField(5, interval),
      ),
      asStrings,
    ),
  )
