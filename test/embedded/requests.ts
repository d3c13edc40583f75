// Requests as bytes, field by field, for what no client would send; and what the official client reads of the answers.
import { createRequire } from 'node:module'
import { randomUUID } from 'node:crypto'
import { frame } from '../../src/wire/frames.ts'
import { bytesField, emptyField, messageField, numberField, stringField } from '../../src/wire/writer.ts'
import { rawCall } from './support.ts'

const STREAMS = '/event_store.client.streams.Streams'

// Options of AppendReq, BatchAppendReq, DeleteReq, TombstoneReq: the first five fields are the same

export type Expected = 'no_stream' | 'any' | 'stream_exists' | number

const expectation = (expected: Expected): Buffer =>
  typeof expected === 'number'
    ? numberField(2, expected)
    : emptyField({ no_stream: 3, any: 4, stream_exists: 5 }[expected])

export const streamName = (stream: string): Buffer => messageField(1, stringField(3, stream))

export const options = (field: number, stream: string, expected: Expected, ...more: Buffer[]): Buffer =>
  messageField(field, streamName(stream), expectation(expected), ...more)

const JSON_EVENT: [key: string, value: string][] = [
  ['type', 'Said'],
  ['content-type', 'application/json'],
]

interface Proposal {
  id?: string
  metadata?: [key: string, value: string][]
  data?: Buffer
}

/** A ProposedMessage, which is field 2 of AppendReq and field 3 of BatchAppendReq. */
export const proposed = (field: number, proposal: Proposal = {}): Buffer => {
  const { id = randomUUID(), metadata = JSON_EVENT, data = Buffer.from('{}') } = proposal
  return messageField(
    field,
    messageField(1, stringField(2, id)),
    ...metadata.map(([key, value]) => messageField(2, stringField(1, key), stringField(2, value))),
    bytesField(4, data),
  )
}

export const correlation = (id: string): Buffer => messageField(1, stringField(2, id))
export const isFinal = numberField(4, 1)

/** One append of one event, as BatchAppend takes it. */
export const batched = (id: string, stream: string, expected: Expected, ...events: Buffer[]): Buffer =>
  frame(correlation(id), options(2, stream, expected), ...events, isFinal)

// What comes back

interface Decoder<T> {
  deserializeBinary(bytes: Uint8Array): { toObject(): T }
}
interface Empty {
  readonly [none: string]: never
}
interface Id {
  structured?: { mostSignificantBits: string; leastSignificantBits: string }
  string: string
}
interface Recorded {
  id: Id
  streamRevision: string
  commitPosition: string
  data: string
}
interface Place {
  commitPosition: string
  preparePosition: string
}
interface Success {
  currentRevision: string
  noStream?: Empty
  position?: Place
  noPosition?: Empty
}

const require = createRequire(import.meta.url)
const streams = require('@eventstore/db-client/generated/streams_pb.js') as {
  ReadResp: Decoder<{
    event?: { event?: Recorded; link?: Recorded; commitPosition: string }
    confirmation?: { subscriptionId: string }
    checkpoint?: Place
    streamNotFound?: { streamIdentifier: { streamName: string } }
    caughtUp?: Empty
  }>
  AppendResp: Decoder<{ success?: Success; wrongExpectedVersion?: Record<string, unknown> }>
  DeleteResp: Decoder<{ position?: Place; noPosition?: Empty }>
  BatchAppendResp: Decoder<{
    correlationId: Id
    error?: { code: number; message: string; details: { typeUrl: string; value: string } }
    success?: Success
    streamIdentifier: { streamName: string }
  }>
}
const shared = require('@eventstore/db-client/generated/shared_pb.js') as Record<string, Decoder<object>>

type Response = keyof typeof streams
type Decoded<R extends Response> = ReturnType<ReturnType<(typeof streams)[R]['deserializeBinary']>['toObject']>

const decode = <R extends Response>(response: R, message: Buffer): Decoded<R> =>
  streams[response].deserializeBinary(message).toObject() as Decoded<R>

/** A message of the shared protocol, out of an `Any`. */
export const detail = (type: string, base64: string): object =>
  shared[type]!.deserializeBinary(Buffer.from(base64, 'base64')).toObject()

export const text = (base64: string): string => Buffer.from(base64, 'base64').toString()

/** A call by its name, whose answers come decoded. */
export const call = <R extends Response>(url: string, method: string, response: R, headers = {}) => {
  const raw = rawCall(url, `${STREAMS}/${method}`, headers)
  return { ...raw, answer: async (): Promise<Decoded<R>> => decode(response, await raw.message()) }
}

/** The trailers of a call that is sent these frames and no more. */
export const trailersOf = async (url: string, method: string, ...frames: Buffer[]) => {
  const raw = rawCall(url, `${STREAMS}/${method}`)
  for (const each of frames) raw.write(each)
  raw.end()
  return raw.trailers
}
