// The protocol beyond what the official client sends, and what the embedded node alone answers so.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import {
  CancelledError,
  EventStoreDBClient,
  StreamDeletedError,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client'
import type { AllStreamSubscription } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessOf } from '../../src/embedded/access.ts'
import { pagesOf } from '../../src/embedded/http/pages.ts'
import { startEventStore } from '../../src/embedded/index.ts'
import { routes } from '../../src/embedded/calls/routes.ts'
import { openEventLog } from '../../src/embedded/engine/event-log.ts'
import { startServer } from '../../src/embedded/server.ts'
import { memoryStorage } from '../../src/embedded/storage/memory.ts'
import type { EventStore } from '../../src/embedded/index.ts'
import { frame } from '../../src/wire/frames.ts'
import { structuredUuid } from '../../src/embedded/protocol/uuid.ts'
import { emptyField, messageField, numberField } from '../../src/wire/writer.ts'
import { collect, comes, read, received } from '../contracts/reading.ts'
import { call, correlation, isFinal, options, proposed } from './requests.ts'
import { rawCall } from './support.ts'

const STREAMS = '/event_store.client.streams.Streams'
const event = (n: number) => jsonEvent({ type: 'Said', data: { n } })

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
const fresh = (): string => `room-${randomUUID()}`

describe('a call that cannot be served', () => {
  it.each([
    ['no protobuf', frame(Buffer.from([0xff, 0xff, 0xff])), '3'],
    ['a field cut short', frame(Buffer.from([0x0a, 0x7f, 0x00])), '3'],
    ['no options', frame(Buffer.alloc(0)), '3'],
    ['no message at all', Buffer.alloc(0), '3'],
    ['a compressed message', Buffer.from([1, 0, 0, 0, 0]), '8'],
    ['a message longer than any', Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), '8'],
    ['a subscription that goes backwards', frame(readRequest(numberField(3, 1), emptyField(6))), '3'],
    ['neither count nor subscription', frame(readRequest()), '3'],
  ])('for %s is refused, and the node goes on', async (_, bytes, status) => {
    const call = rawCall(store.url, `${STREAMS}/Read`)
    call.write(bytes)
    call.end()
    expect((await call.trailers)['grpc-status']).toBe(status)
    await client.appendToStream(fresh(), event(0))
  })

  function readRequest(...more: Buffer[]): Buffer {
    return messageField(1, messageField(2, emptyField(2)), ...more)
  }

  it.each(['Append', 'BatchAppend', 'Delete', 'Tombstone'])(
    'is refused by %s too where it makes no sense',
    async name => {
      const call = rawCall(store.url, `${STREAMS}/${name}`)
      call.write(frame(Buffer.from([0xff])))
      call.end()
      expect((await call.trailers)['grpc-status']).toBe('3')
    },
  )

  it('for a filter that is no regular expression says so', async () => {
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) })
    const error = await received<Error>(subscription, 'error')
    expect(error.message).toContain("3 INVALID_ARGUMENT: '(' is not a regular expression here")
  })

  it('for a position of another log says so', async () => {
    const { position } = await client.appendToStream(fresh(), event(0))
    for (const commit of [position!.commit - 1n, position!.commit + 1_000_000n]) {
      const fromPosition = { commit, prepare: commit }
      const subscription: AllStreamSubscription = client.subscribeToAll({ fromPosition })
      expect((await received<Error>(subscription, 'error')).message).toContain('is not a position of this log')
      await expect(read(client.readAll({ fromPosition }))).rejects.toThrow('is not a position of this log')
    }
  })

  it('names a stream that no header could carry without harm to the client', async () => {
    const stream = `日本-${randomUUID()}`
    await client.tombstoneStream(stream)
    const refusal: unknown = await read(client.readStream(stream)).catch((e: unknown) => e)
    expect(refusal).toBeInstanceOf(StreamDeletedError)
  })

  it('by a client that speaks another protocol disturbs nobody', async () => {
    for (const greeting of ['SSH-2.0-OpenSSH_9.2\r\n', '\x00\xff'.repeat(100)]) {
      const socket = connect(store.port, store.host).on('error', () => undefined)
      socket.resume().write(greeting)
      await once(socket, 'close')
    }
    await client.appendToStream(fresh(), event(0))
  })

  it('is over when its deadline has passed', async () => {
    const call = rawCall(store.url, `${STREAMS}/Append`, { 'grpc-timeout': '20m' })
    expect((await call.trailers)['grpc-status']).toBe('4') // its request never ends
  })
})

describe('a batch of appends', () => {
  const open = () => call(store.url, 'BatchAppend', 'BatchAppendResp')
  const of = (stream: string, ...more: Buffer[]) => options(2, stream, 'any', ...more)

  it('answers what is wrong with one of them for that one alone, and never twice', async () => {
    const batch = open()
    const [bad, late, good] = [randomUUID(), randomUUID(), randomUUID()]
    const stream = fresh()
    batch.write(frame(correlation(bad), of(stream), proposed(3, { id: 'no-uuid' }), isFinal))
    expect(await batch.answer()).toMatchObject({ correlationId: { string: bad }, error: { code: 3 } })
    batch.write(frame(correlation(bad), of(stream), proposed(3, { metadata: [] }), isFinal))
    expect((await batch.answer()).error?.message).toContain("Required Metadata Property 'type' is missing")
    // deadline_21_10_0, a time, long past
    batch.write(frame(correlation(late), of(stream, messageField(6, numberField(1, 1))), proposed(3), isFinal))
    expect((await batch.answer()).error?.details.typeUrl).toContain('event_store.client.Timeout')
    batch.write(frame(correlation(late), proposed(3), isFinal)) // no more of it is wanted
    batch.write(frame(correlation(good), of(stream), proposed(3), isFinal))
    expect(await batch.answer()).toMatchObject({ correlationId: { string: good }, success: { currentRevision: '0' } })
    batch.end()
    expect((await batch.trailers)['grpc-status']).toBe('0')
  })

  it('takes an append in several parts, between others, and with structured ids', async () => {
    const batch = open()
    const [parts, other] = [randomUUID(), randomUUID()]
    const stream = fresh()
    const structured = messageField(1, structuredUuid(parts))
    batch.write(frame(structured, of(stream), proposed(3)))
    batch.write(frame(correlation(other), of(fresh()), proposed(3), isFinal))
    expect(await batch.answer()).toMatchObject({ correlationId: { string: other } })
    batch.write(frame(structured, proposed(3)))
    batch.write(frame(structured, proposed(3), isFinal))
    expect(await batch.answer()).toMatchObject({ success: { currentRevision: '2' } })
    expect(await read(client.readStream(stream))).toHaveLength(3)
    batch.end()
  })

  it('answers for an append that is never completed when its deadline passes', async () => {
    const batch = open()
    const id = randomUUID()
    // deadline, a duration: 30 ms
    batch.write(frame(correlation(id), of(fresh(), messageField(7, numberField(2, 30_000_000))), proposed(3)))
    expect(await batch.answer()).toMatchObject({ correlationId: { string: id }, error: { code: 4 } })
    batch.end()
  })
})

describe('a disk that hangs', () => {
  it('is told to writers when their deadlines pass, and features are still answered', async () => {
    const log = openEventLog({
      storage: { ...memoryStorage(), commit: () => new Promise(() => undefined) },
      onFatal: () => undefined,
    })
    const address = { host: '127.0.0.1', port: 0 }
    const node = { instance: randomUUID(), hasUsers: false, addressFor: () => address, logEnd: () => 0 }
    const server = await startServer({
      ...address,
      routes: routes(log, node),
      pages: pagesOf(node),
      access: accessOf(undefined),
      log: () => undefined,
    })
    const writer = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=false`)
    const credentials = { username: 'admin', password: 'changeit' } // the way of the unary call
    const appends = [{ deadline: 100 }, { deadline: 100, credentials }].map(options =>
      writer.appendToStream('s', event(0), options),
    )
    for (const result of await Promise.allSettled(appends))
      expect(result).toMatchObject({ status: 'rejected', reason: { type: 'deadline-exceeded' } })
    await writer.dispose()
    await server.close()
  })
})

describe('stopping', () => {
  it('ends open calls as cancelled', async () => {
    const stopping = await startEventStore({ inMemory: true })
    const other = EventStoreDBClient.connectionString(stopping.url)
    const subscription = other.subscribeToAll()
    await comes(
      subscription.on('data', () => undefined),
      'caughtUp',
    )
    const ended = received<Error>(subscription, 'error')
    await stopping.close()
    expect(await ended).toBeInstanceOf(CancelledError)
    await other.dispose()
  })
})

describe('a slow subscriber', () => {
  it('gets everything in order once it reads again, and holds up nobody', async () => {
    const stream = fresh()
    const filter = streamNameFilter({ prefixes: [stream] })
    const slow = client.subscribeToAll({ filter })
    await comes(slow, 'caughtUp')
    slow.pause()
    const quick = client.subscribeToStream(stream)
    const [first, text] = [collect(quick, 6000), 'x'.repeat(1000)]
    for (let i = 0; i < 60; i++)
      await client.appendToStream(
        stream,
        Array.from({ length: 100 }, (_, n) => jsonEvent({ type: 'Said', data: { n: 100 * i + n, text } })),
      )
    expect(await first).toHaveLength(6000)
    const all = collect(slow, 6001)
    slow.resume()
    await client.appendToStream(stream, event(6000))
    const revisions = (await all).map(({ event: e }) => Number(e!.revision))
    expect(revisions).toEqual(Array.from({ length: 6001 }, (_, i) => i))
    await Promise.all([slow.unsubscribe(), quick.unsubscribe()])
  })
})
