// Every way to say no, to the byte: trailers, AppendResp's refusal, and BatchAppend's google.rpc.Status. Clients make their
// error classes of these, and some fall over what is missing.
import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, StreamDeletedError, WrongExpectedVersionError, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore } from '../../src/embedded/index.ts'
import { frame } from '../../src/wire/frames.ts'
import { emptyField, messageField, numberField } from '../../src/wire/writer.ts'
import { read, received, refusal } from '../contracts/reading.ts'
import {
  batched,
  call,
  correlation,
  detail,
  isFinal,
  options,
  proposed,
  streamName,
  text,
  trailersOf,
} from './requests.ts'
import type { Expected } from './requests.ts'

let store: EventStore
let client: EventStoreDBClient
beforeAll(async () => {
  store = await startEventStore({ inMemory: true, log: () => undefined })
  client = EventStoreDBClient.connectionString(store.url)
})
afterAll(async () => {
  await client.dispose()
  await store.close()
})

const event = (n: number) => jsonEvent({ type: 'Said', data: { n } })
const streamOf = async (count: number, name = 'room'): Promise<string> => {
  const stream = `${name}-${randomUUID()}`
  if (count > 0)
    await client.appendToStream(
      stream,
      Array.from({ length: count }, (_, n) => event(n)),
    )
  return stream
}
const closedStream = async (name?: string): Promise<string> => {
  const stream = await streamOf(1, name)
  await client.tombstoneStream(stream)
  return stream
}

// the number of each expectation in a trailer, and its place among the fields of a refusal
const NUMBERS = { any: '-2', no_stream: '-1', stream_exists: '-4' }

describe('the trailers', () => {
  it.each<[string, number, Expected, string]>([
    ['Delete', 3, 'no_stream', '2'],
    ['Delete', 3, 7, '2'],
    ['Delete', 3, 0, '2'],
    ['Delete', 0, 'any', '-1'],
    ['Delete', 0, 'no_stream', '-1'],
    ['Delete', 0, 'stream_exists', '-1'],
    ['Delete', 0, 5, '-1'],
    ['Tombstone', 3, 'no_stream', '2'],
    ['Tombstone', 3, 1, '2'],
    ['Tombstone', 0, 'stream_exists', '-1'],
    ['Tombstone', 0, 5, '-1'],
  ])('of %s on %d events, expecting %s, name both revisions', async (method, count, expected, actual) => {
    const stream = await streamOf(count)
    const trailers = await trailersOf(store.url, method, frame(options(1, stream, expected)))
    const asNumber = typeof expected === 'number' ? String(expected) : NUMBERS[expected]
    expect(trailers).toMatchObject({
      'grpc-status': '9',
      'grpc-message':
        'Delete failed due to WrongExpectedVersion. ' +
        `Stream: ${stream}, Expected version: ${asNumber}, Actual version: ${actual}`,
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': asNumber,
      'actual-version': actual,
    })
  })

  const readOf = (stream: string, ...more: Buffer[]) =>
    frame(messageField(1, messageField(1, streamName(stream), emptyField(3)), ...more))
  it.each<[string, string, (stream: string) => Buffer[]]>([
    ['Append', 'Append', stream => [frame(options(1, stream, 'any')), frame(proposed(2))]],
    ['Delete', 'Delete', stream => [frame(options(1, stream, 'any'))]],
    ['Tombstone', 'Tombstone', stream => [frame(options(1, stream, 'stream_exists'))]],
    ['Read', 'Read', stream => [readOf(stream, numberField(5, 10))]],
    ['a subscription', 'Read', stream => [readOf(stream, emptyField(6))]],
  ])('of %s on a closed stream name it', async (_what, method, frames) => {
    const stream = await closedStream()
    expect(await trailersOf(store.url, method, ...frames(stream))).toMatchObject({
      'grpc-status': '9',
      'grpc-message': `Event stream '${stream}' is deleted.`,
      exception: 'stream-deleted',
      'stream-name': stream,
    })
  })

  it('of Append beyond the limit name it', async () => {
    const data = Buffer.alloc(1024 * 1024 + 1)
    const frames = [frame(options(1, await streamOf(0), 'any')), frame(proposed(2, { data }))]
    expect(await trailersOf(store.url, 'Append', ...frames)).toMatchObject({
      'grpc-status': '3',
      'grpc-message': 'Maximum Append Size of 1048576 Exceeded.',
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': '1048576',
    })
  })

  it('of Append at the limit, of which data alone counts, say that all is well', async () => {
    const type = 'T'.repeat(10_000)
    const data = Buffer.alloc(1024 * 1024)
    const metadata: [string, string][] = [
      ['type', type],
      ['content-type', 'application/octet-stream'],
    ]
    const frames = [frame(options(1, await streamOf(0), 'any')), frame(proposed(2, { data, metadata }))]
    expect(await trailersOf(store.url, 'Append', ...frames)).toMatchObject({ 'grpc-status': '0' })
  })

  it.each<[string, [string, string][]]>([
    ['type', [['content-type', 'application/json']]],
    ['content-type', [['type', 'Said']]],
  ])('of Append without a %s name what an event needs', async (property, metadata) => {
    const frames = [frame(options(1, await streamOf(0), 'any')), frame(proposed(2, { metadata }))]
    expect(await trailersOf(store.url, 'Append', ...frames)).toMatchObject({
      'grpc-status': '3',
      'grpc-message': `Required Metadata Property '${property}' is missing`,
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    })
  })

  it.each(['Append', 'Delete', 'Tombstone'])('of %s that expects nothing at all say so', async method => {
    const request = frame(messageField(1, streamName(await streamOf(1))))
    const trailers = await trailersOf(store.url, method, request)
    expect(trailers).toMatchObject({ 'grpc-status': '3', 'grpc-message': 'An expected revision is needed' })
    expect(trailers['exception']).toBeUndefined()
  })

  it.each(['Append', 'Delete', 'Tombstone', 'Read', 'BatchAppend'])(
    'of %s whose request never ends come when its timeout is over, and are not an exception',
    async method => {
      const { trailers } = call(store.url, method, 'ReadResp', { 'grpc-timeout': '20m' })
      expect(await trailers).toMatchObject({ 'grpc-status': '4', 'grpc-message': 'Deadline Exceeded' })
      expect((await trailers)['exception']).toBeUndefined()
    },
  )

  it('of what went well are the status alone', async () => {
    const stream = await streamOf(1)
    for (const [method, frames] of [
      ['Append', [frame(options(1, stream, 'any')), frame(proposed(2))]],
      ['Delete', [frame(options(1, stream, 'any'))]],
      ['Tombstone', [frame(options(1, stream, 'any'))]],
      ['BatchAppend', []],
    ] as const) {
      const trailers = await trailersOf(store.url, method, ...frames)
      const { 'grpc-status': status, 'grpc-message': message, exception } = trailers
      expect([status, message, exception]).toEqual(['0', undefined, undefined])
    }
  })
})

describe('a stream that is not there', () => {
  it('is a message to readers, and no failure', async () => {
    const stream = await streamOf(0, '部屋')
    const reading = call(store.url, 'Read', 'ReadResp')
    reading.write(frame(messageField(1, messageField(1, streamName(stream), emptyField(3)), numberField(5, 1))))
    reading.end()
    const { streamNotFound } = await reading.answer()
    expect(text(streamNotFound!.streamIdentifier.streamName)).toBe(stream)
    expect((await reading.trailers)['grpc-status']).toBe('0')
  })
})

describe("Append's answer", () => {
  const append = async (stream: string, expected: Expected, count = 1) => {
    const appending = call(store.url, 'Append', 'AppendResp')
    appending.write(frame(options(1, stream, expected)))
    for (let n = 0; n < count; n++) appending.write(frame(proposed(2)))
    appending.end()
    const answer = await appending.answer()
    expect((await appending.trailers)['grpc-status']).toBe('0')
    return answer
  }

  it('is the revision and position of the last event', async () => {
    const stream = await streamOf(0)
    const { success } = await append(stream, 'no_stream', 3)
    const [, , last] = await read(client.readStream(stream))
    const place = String(last!.event!.position!.commit)
    expect(success).toEqual({
      currentRevision: '2',
      position: { commitPosition: place, preparePosition: place },
      noStream: undefined,
      noPosition: undefined,
    })
  })

  it('to no events is where the stream stands, and no position', async () => {
    const [none, some] = [await streamOf(0), await streamOf(2)]
    expect((await append(none, 'any', 0)).success).toMatchObject({ noStream: {}, position: undefined, noPosition: {} })
    expect((await append(some, 'any', 0)).success).toMatchObject({
      currentRevision: '1',
      noStream: undefined,
      noPosition: {},
    })
  })

  it.each<[Expected, number, object]>([
    ['no_stream', 3, { expectedNoStream: {}, currentRevision: '2', currentRevision2060: 2 }],
    [5, 3, { expectedRevision: '5', expectedRevision2060: 5, currentRevision: '2', currentRevision2060: 2 }],
    ['stream_exists', 0, { expectedStreamExists: {}, streamExists2060: {}, currentNoStream: {}, noStream2060: {} }],
    [0, 0, { expectedRevision: '0', currentNoStream: {}, noStream2060: {} }],
  ])('to a wrong %s on %d events says both revisions, to old clients and new', async (expected, count, fields) => {
    const { success, wrongExpectedVersion } = await append(await streamOf(count), expected)
    expect(success).toBeUndefined()
    const nothing = {
      currentNoStream: undefined,
      noStream2060: undefined,
      expectedAny: undefined,
      any2060: undefined,
      expectedStreamExists: undefined,
      streamExists2060: undefined,
      expectedNoStream: undefined,
    }
    expect(wrongExpectedVersion).toMatchObject({ ...nothing, ...fields })
  })

  it('to a wrong any, as where a repeat goes on otherwise, says that too', async () => {
    const stream = await streamOf(0)
    const id = randomUUID()
    const send = async (...events: Buffer[]) => {
      const appending = call(store.url, 'Append', 'AppendResp')
      for (const each of [options(1, stream, 'any'), ...events]) appending.write(frame(each))
      appending.end()
      return appending.answer()
    }
    await send(proposed(2, { id }))
    const { wrongExpectedVersion } = await send(proposed(2, { id }), proposed(2))
    expect(wrongExpectedVersion).toMatchObject({ expectedAny: {}, any2060: {}, currentRevision: '0' })
  })
})

describe("Delete's and Tombstone's answers", () => {
  it.each([
    ['Delete', '$metadata'],
    ['Tombstone', '$streamDeleted'],
  ])('are where they wrote: %s', async (method, type) => {
    const stream = await streamOf(1)
    const removing = call(store.url, method, 'DeleteResp')
    removing.write(frame(options(1, stream, 0)))
    removing.end()
    const { position, noPosition } = await removing.answer()
    expect([noPosition, position!.preparePosition]).toEqual([undefined, position!.commitPosition])
    const commit = BigInt(position!.commitPosition)
    const [written] = await read(client.readAll({ fromPosition: { commit, prepare: commit }, maxCount: 1 }))
    expect(written!.event!.type).toBe(type)
  })
})

describe("BatchAppend's Status", () => {
  const ask = async (stream: string, ...frames: Buffer[]) => {
    const appending = call(store.url, 'BatchAppend', 'BatchAppendResp')
    for (const each of frames) appending.write(each)
    appending.end()
    const { error, success, correlationId, streamIdentifier } = await appending.answer()
    expect(text(streamIdentifier.streamName)).toBe(stream)
    expect((await appending.trailers)['grpc-status']).toBe('0')
    return { error, success, id: correlationId.string }
  }
  /** Checks the code, the message, and which detail it is; gives what that holds. */
  const expectError = (
    error: { code: number; message: string; details: { typeUrl: string; value: string } } | undefined,
    code: number,
    type: string,
    message: string | RegExp = type,
  ): object => {
    expect(error).toMatchObject({ code, details: { typeUrl: `type.googleapis.com/event_store.client.${type}` } })
    expect(error!.message).toMatch(message)
    return detail(type, error!.details.value)
  }
  const id = randomUUID()

  it('of success is the last revision and position', async () => {
    const stream = await streamOf(2)
    const answer = await ask(stream, batched(id, stream, 1, proposed(3), proposed(3)))
    expect([answer.error, answer.id]).toEqual([undefined, id])
    const [last] = await read(client.readStream(stream, { fromRevision: 3n }))
    const place = String(last!.event!.position!.commit)
    expect(answer.success).toMatchObject({
      currentRevision: '3',
      position: { commitPosition: place, preparePosition: place },
      noStream: undefined,
      noPosition: undefined,
    })
  })

  it('of no events is where the stream stands', async () => {
    const stream = await streamOf(0)
    const { success } = await ask(stream, batched(id, stream, 'no_stream'))
    expect(success).toMatchObject({ noStream: {}, noPosition: {}, position: undefined })
  })

  it.each<[Expected, number, object]>([
    ['no_stream', 3, { expectedNoStream: {}, currentStreamRevision: '2', currentNoStream: undefined }],
    [7, 3, { expectedStreamPosition: '7', currentStreamRevision: '2', expectedNoStream: undefined }],
    [0, 0, { expectedStreamPosition: '0', currentNoStream: {} }],
    ['stream_exists', 0, { expectedStreamExists: {}, currentNoStream: {}, expectedAny: undefined }],
  ])('for a wrong %s on %d events', async (expected, count, fields) => {
    const stream = await streamOf(count)
    const { error, id: answered } = await ask(stream, batched(id, stream, expected, proposed(3)))
    expect(answered).toBe(id)
    expect(expectError(error, 6, 'WrongExpectedVersion')).toMatchObject(fields)
  })

  it('for a closed stream', async () => {
    const stream = await closedStream('閉')
    const { error } = await ask(stream, batched(id, stream, 'any', proposed(3)))
    const { streamIdentifier } = expectError(error, 5, 'StreamDeleted') as { streamIdentifier: { streamName: string } }
    expect(text(streamIdentifier.streamName)).toBe(stream)
  })

  it.each([
    ['a time', messageField(6, numberField(1, 1))],
    ['a duration', messageField(7)],
  ])('for a deadline that has passed, as %s', async (_form, deadline) => {
    const stream = await streamOf(0)
    const request = frame(correlation(id), options(2, stream, 'any', deadline), proposed(3), isFinal)
    const { error } = await ask(stream, request)
    expect(expectError(error, 4, 'Timeout')).toEqual({})
    await client.appendToStream(stream, event(0), { expectedRevision: 'no_stream' })
  })

  it('beyond the limit, which it names, also where the parts come one by one', async () => {
    const stream = await streamOf(0)
    const large = proposed(3, { data: Buffer.alloc(600_000) })
    const first = frame(correlation(id), options(2, stream, 'any'), large)
    const { error } = await ask(stream, first, frame(correlation(id), large), frame(correlation(id), isFinal))
    expect(expectError(error, 3, 'MaximumAppendSizeExceeded')).toEqual({ maxappendsize: 1024 * 1024 })
  })

  it.each<[string, Buffer[], RegExp]>([
    ['an id that is none', [proposed(3, { id: 'none' })], /'none' is not a UUID/],
    ['no type', [proposed(3, { metadata: [['content-type', 'x']] })], /Required Metadata Property 'type' is missing/],
    ['no content type', [proposed(3, { metadata: [['type', 'x']] })], /'content-type' is missing/],
  ])('for an event with %s says what is wrong', async (_what, events, reason) => {
    const stream = await streamOf(0)
    const { error } = await ask(stream, batched(id, stream, 'any', ...events))
    const { message } = expectError(error, 3, 'BadRequest', reason) as { message: string }
    expect(message).toMatch(reason)
  })

  it('for an append whose options come twice is one, of the first', async () => {
    const [stream, other] = [await streamOf(0), await streamOf(0)]
    const again = frame(correlation(id), options(2, other, 'stream_exists'), proposed(3), isFinal)
    const { success } = await ask(stream, frame(correlation(id), options(2, stream, 'any'), proposed(3)), again)
    expect(success).toMatchObject({ currentRevision: '1' })
  })
})

describe('a stream whose name no header can carry', () => {
  const name = '日本 50% "room" ü'

  it('is refused to the client with the right error, whichever call it is', async () => {
    const closed = await closedStream(name)
    const live = await streamOf(1, name)
    const credentials = { username: 'admin', password: 'changeit' }
    const deletions: Promise<unknown>[] = [
      read(client.readStream(closed)),
      client.appendToStream(closed, event(1)),
      client.appendToStream(closed, event(1), { credentials }),
      client.deleteStream(closed),
      client.tombstoneStream(closed),
      client.getStreamMetadata(closed),
      client.setStreamMetadata(closed, {}),
    ]
    for (const error of await Promise.all(deletions.map(refusal))) expect(error).toBeInstanceOf(StreamDeletedError)
    expect(await received<Error>(client.subscribeToStream(closed), 'error')).toBeInstanceOf(StreamDeletedError)
    const wrong: Promise<unknown>[] = [
      client.appendToStream(live, event(1), { expectedRevision: 5n }),
      client.appendToStream(live, event(1), { expectedRevision: 5n, credentials }),
      client.deleteStream(live, { expectedRevision: 5n }),
      client.tombstoneStream(live, { expectedRevision: 5n }),
    ]
    for (const error of await Promise.all(wrong.map(refusal))) expect(error).toBeInstanceOf(WrongExpectedVersionError)
  })

  it('can be decoded from the trailers, where it stands percent-encoded', async () => {
    const closed = await closedStream(name)
    const trailers = await trailersOf(store.url, 'Delete', frame(options(1, closed, 'any')))
    for (const value of Object.values(trailers)) expect(String(value)).toMatch(/^[\x20-\x7e]*$/)
    expect(decodeURIComponent(String(trailers['stream-name']))).toBe(closed)
    expect(decodeURIComponent(String(trailers['grpc-message']))).toBe(`Event stream '${closed}' is deleted.`)
  })
})
