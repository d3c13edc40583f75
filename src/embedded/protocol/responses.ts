// Encodes what goes back, but for events, which are stored ready: frames, one message each.
import { ANY, NO_STREAM, STREAM_EXISTS } from '../engine/expected.ts'
import { frame } from '../../wire/frames.ts'
import { bytesField, emptyField, messageField, numberField, stringField } from '../../wire/writer.ts'

// ReadResp

export const confirmation = (subscriptionId: string): Buffer => frame(messageField(2, stringField(1, subscriptionId)))

export const checkpoint = (position: number): Buffer =>
  frame(messageField(3, numberField(1, position), numberField(2, position)))

export const streamNotFound = (stream: string): Buffer => frame(messageField(4, messageField(1, streamName(stream))))

export const caughtUp = (): Buffer => frame(emptyField(8))

const streamName = (stream: string): Buffer => stringField(3, stream)

// AppendResp, DeleteResp, TombstoneResp

const positionFields = (position: number): Buffer[] => [numberField(1, position), numberField(2, position)]

/** The same message in AppendResp and in BatchAppendResp. */
const success = (revision: number, position: number | undefined): Buffer[] => [
  currentField(revision, 1),
  position === undefined ? emptyField(4) : messageField(3, ...positionFields(position)),
]

export const appended = (revision: number, position: number | undefined): Buffer =>
  frame(messageField(1, ...success(revision, position)))

/** To Append a wrong version is a response, not an error; it says so twice, for clients from before 20.6.1 too. */
export const appendRefused = (expected: number, current: number): Buffer =>
  frame(messageField(2, ...refusedBefore2061(expected, current), currentField(current, 6), expectedField(expected, 8)))

const refusedBefore2061 = (expected: number, current: number): Buffer[] => [
  currentField(current, 1),
  ...(expected === NO_STREAM ? [] : [expectedField(expected, 3)]),
]

const currentField = (current: number, first: number): Buffer =>
  current === NO_STREAM ? emptyField(first + 1) : numberField(first, current)

/** A revision, any, stream_exists and no_stream have consecutive numbers wherever they are sent back. */
const expectedField = (expected: number, first: number): Buffer => {
  if (expected === ANY) return emptyField(first + 1)
  if (expected === STREAM_EXISTS) return emptyField(first + 2)
  return expected === NO_STREAM ? emptyField(first + 3) : numberField(first, expected)
}

export const deleted = (position: number | undefined): Buffer =>
  frame(position === undefined ? emptyField(2) : messageField(1, ...positionFields(position)))

// BatchAppendResp: the correlation id goes back as the bytes it came in

export const batchAppended = (
  correlation: Buffer,
  stream: string,
  revision: number,
  position: number | undefined,
): Buffer =>
  frame(
    bytesField(1, correlation),
    messageField(3, ...success(revision, position)),
    messageField(4, streamName(stream)),
  )

/** google.rpc.Status codes, with the message that says which refusal it is: clients read both, and must find both. */
const batchError = (correlation: Buffer, stream: string, code: number, text: string, type: string, detail: Buffer) =>
  frame(
    bytesField(1, correlation),
    messageField(
      2,
      numberField(1, code),
      stringField(2, text),
      messageField(3, stringField(1, `type.googleapis.com/event_store.client.${type}`), bytesField(2, detail)),
    ),
    messageField(4, streamName(stream)),
  )

export const batchRefused = (correlation: Buffer, stream: string, expected: number, current: number): Buffer =>
  batchError(
    correlation,
    stream,
    6,
    'WrongExpectedVersion',
    'WrongExpectedVersion',
    Buffer.concat([currentField(current, 1), expectedField(expected, 3)]),
  )

export const batchStreamDeleted = (correlation: Buffer, stream: string): Buffer =>
  batchError(correlation, stream, 5, 'StreamDeleted', 'StreamDeleted', messageField(1, streamName(stream)))

export const batchTimeout = (correlation: Buffer, stream: string): Buffer =>
  batchError(correlation, stream, 4, 'Timeout', 'Timeout', Buffer.alloc(0))

export const batchTooLarge = (correlation: Buffer, stream: string, limit: number): Buffer =>
  batchError(correlation, stream, 3, 'MaximumAppendSizeExceeded', 'MaximumAppendSizeExceeded', numberField(1, limit))

export const batchBadRequest = (correlation: Buffer, stream: string, reason: string): Buffer =>
  batchError(correlation, stream, 3, reason, 'BadRequest', stringField(1, reason))
