// Reads as no official client asks for them, and what a server leaves undefined: counted reads through a filter, reads of
// nothing, both forms of ids, and a subscription's messages one by one.
import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, StreamDeletedError, binaryEvent, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore } from '../../src/embedded/index.ts'
import { frame } from '../../src/wire/frames.ts'
import { structuredUuid } from '../../src/embedded/protocol/uuid.ts'
import { emptyField, int64Field, messageField, numberField, stringField } from '../../src/wire/writer.ts'
import { read, received } from '../contracts/reading.ts'
import { call, options, streamName, text, trailersOf } from './requests.ts'

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

const event = (n: number, type = 'Said') => jsonEvent({ type, data: { n } })
const fresh = (): string => `room-${randomUUID()}`
const streamOf = async (count: number): Promise<string> => {
  const stream = fresh()
  await client.appendToStream(
    stream,
    Array.from({ length: count }, (_, n) => event(n)),
  )
  return stream
}

// the fields of ReadReq.Options
const fromStart = (stream: string) => messageField(1, streamName(stream), emptyField(3))
const fromEnd = (stream: string) => messageField(1, streamName(stream), emptyField(4))
const all = (place: number | 'start' | 'end') =>
  messageField(
    2,
    typeof place === 'number'
      ? messageField(1, numberField(1, place), numberField(2, place))
      : emptyField(place === 'start' ? 2 : 3),
  )
const BACKWARDS = numberField(3, 1)
const RESOLVE = numberField(4, 1)
const count = (most: number) => numberField(5, most)
const SUBSCRIBE = emptyField(6)
const byPrefix = (prefix: string, ...more: Buffer[]) =>
  messageField(7, messageField(1, stringField(2, prefix)), ...more)
const TEXT_IDS = messageField(9, emptyField(2))
const request = (...fields: Buffer[]): Buffer => frame(messageField(1, ...fields))

/** What comes until the call ends well. */
const answers = async (...fields: Buffer[]) => {
  const reading = call(store.url, 'Read', 'ReadResp')
  reading.write(request(...fields))
  reading.end()
  const found = [] as Awaited<ReturnType<typeof reading.answer>>[]
  const over = reading.trailers.then(({ 'grpc-status': status }) => ({ status }))
  for (;;) {
    const next = await Promise.race([
      reading.answer(),
      over.then(end => new Promise<typeof end>(resolve => setImmediate(resolve, end))),
    ])
    if (!('status' in next)) found.push(next)
    else {
      expect(next.status).toBe('0')
      return found
    }
  }
}
const revisions = async (...fields: Buffer[]) =>
  (await answers(...fields)).map(({ event: e }) => Number((e!.link ?? e!.event)!.streamRevision))

describe('a read', () => {
  it('of no events finds none, both ways, of a stream and of $all', async () => {
    const stream = await streamOf(3)
    for (const from of [fromStart(stream), fromEnd(stream), all('start'), all('end')])
      for (const more of [[], [BACKWARDS]]) expect(await answers(from, count(0), ...more)).toEqual([])
  })

  it('from the end on finds nothing', async () => {
    expect(await answers(fromEnd(await streamOf(3)), count(10))).toEqual([])
    const revision = messageField(1, streamName(await streamOf(3)), Buffer.concat([int64Field(2, -1n)]))
    expect(await answers(revision, count(10))).toEqual([]) // 2^64-1, as some clients write it
    expect(await revisions(revision, count(10), BACKWARDS)).toEqual([2, 1, 0])
  })

  it('of the highest count there is stops at the end', async () => {
    const most = int64Field(5, -1n) // 2^64-1
    expect(await revisions(fromStart(await streamOf(3)), most)).toEqual([0, 1, 2])
  })

  it('of $all through a filter stops at the count of those it lets through', async () => {
    const { position } = await client.appendToStream(fresh(), event(0))
    const stream = fresh()
    for (let n = 0; n < 8; n++) {
      await client.appendToStream(stream, event(n))
      await client.appendToStream(fresh(), [event(9), event(9), event(9)])
    }
    const from = all(Number(position!.commit))
    expect(await revisions(from, count(5), byPrefix(stream, numberField(5, 1)))).toEqual([0, 1, 2, 3, 4])
    expect(await revisions(from, count(99), byPrefix(stream, numberField(5, 1)))).toHaveLength(8)
    expect(await revisions(all('end'), count(3), BACKWARDS, byPrefix(stream, numberField(5, 1)))).toEqual([7, 6, 5])
    expect(await revisions(from, count(3), BACKWARDS, byPrefix(stream, numberField(5, 1)))).toEqual([])
  })

  it.each<[string, (stream: string) => Buffer[], RegExp]>([
    ['a filter on one stream', stream => [fromStart(stream), count(1), byPrefix('x', numberField(5, 1))], /Only \$all/],
    [
      'a filter without an expression',
      () => [all('start'), count(1), messageField(7, numberField(5, 1))],
      /expression/,
    ],
    [
      'a search window of 0',
      () => [all('start'), SUBSCRIBE, byPrefix('x', numberField(3, 0), numberField(5, 1))],
      /window/,
    ],
    ['an interval of 0', () => [all('start'), SUBSCRIBE, byPrefix('x')], /interval/],
    ['no name', () => [fromStart(''), count(1)], /name/],
    ['neither a stream nor $all', () => [count(1)], /a stream or \$all/],
  ])('with %s is refused', async (_what, fields, reason) => {
    const trailers = await trailersOf(store.url, 'Read', request(...fields(await streamOf(1))))
    expect(trailers['grpc-status']).toBe('3')
    expect(decodeURIComponent(String(trailers['grpc-message']))).toMatch(reason)
  })
})

describe('an id', () => {
  const id = '80000000-0000-0001-ffff-ffffffffffff'
  const halves = { mostSignificantBits: String(-(2n ** 63n) + 1n), leastSignificantBits: '-1' }

  it('is two numbers to whoever does not ask for text, and text to whoever does', async () => {
    const stream = fresh()
    await client.appendToStream(stream, jsonEvent({ id, type: 'Said', data: { n: 1 } }))
    const [numbers] = await answers(fromStart(stream), count(1))
    const [words] = await answers(fromStart(stream), count(1), TEXT_IDS)
    expect(numbers!.event!.event!.id.structured).toEqual(halves)
    expect(words!.event!.event!.id).toMatchObject({ string: id, structured: undefined })
    expect(text(numbers!.event!.event!.data)).toBe('{"n":1}')
    expect({ ...numbers!.event!.event, id }).toEqual({ ...words!.event!.event, id })
  })

  it('is so in links and what they name too', async () => {
    const [stream, links] = [fresh(), fresh()]
    await client.appendToStream(stream, jsonEvent({ id, type: 'Said', data: { n: 1 } }))
    for (const data of [`0@${stream}`, `1@${stream}`])
      await client.appendToStream(links, binaryEvent({ id, type: '$>', data: Buffer.from(data) }), {
        expectedRevision: data.startsWith('0') ? 'no_stream' : 0n,
      })
    const [found, dangling] = await answers(fromStart(links), count(2), RESOLVE)
    for (const shown of [found!.event!.event, found!.event!.link, dangling!.event!.link])
      expect(shown!.id.structured).toEqual(halves)
    expect(dangling!.event!.event).toBeUndefined()
  })

  it('is the same whichever form it is sent in', async () => {
    const stream = fresh()
    for (const form of [structuredUuid(id), stringField(2, id), stringField(2, id.toUpperCase())]) {
      const appending = call(store.url, 'Append', 'AppendResp')
      appending.write(frame(options(1, stream, 'no_stream')))
      const said = [
        ['type', 'Said'],
        ['content-type', 'application/json'],
      ] as const
      const metadata = said.map(([key, value]) => messageField(2, stringField(1, key), stringField(2, value)))
      appending.write(frame(messageField(2, messageField(1, form), ...metadata)))
      appending.end()
      expect((await appending.answer()).success).toMatchObject({ currentRevision: '0' })
    }
    expect(await read(client.readStream(stream))).toHaveLength(1)
  })
})

describe("a subscription's messages", () => {
  it('are a confirmation, events with checkpoints behind what was looked at, and the word that it is live', async () => {
    const { position } = await client.appendToStream(fresh(), event(0))
    const [rare, common] = [fresh(), fresh()]
    await client.appendToStream(
      common,
      Array.from({ length: 5 }, () => event(0)),
    )
    await client.appendToStream(rare, [event(0), event(1)])
    await client.appendToStream(common, [event(0)])
    const subscription = call(store.url, 'Read', 'ReadResp')
    const filter = byPrefix(rare, numberField(3, 2), numberField(5, 3)) // a checkpoint every 2 × 3 events
    subscription.write(request(all(Number(position!.commit)), SUBSCRIBE, filter, TEXT_IDS))
    subscription.end()
    const positions = new Map(
      (await read(client.readStream(rare))).map(({ event: e }) => [e!.revision, e!.position!.commit]),
    )
    expect((await subscription.answer()).confirmation!.subscriptionId).toMatch(/^[0-9a-f-]{36}$/)
    expect((await subscription.answer()).event!.event!.streamRevision).toBe('0')
    expect((await subscription.answer()).checkpoint!.commitPosition).toBe(String(positions.get(0n)))
    expect((await subscription.answer()).event!.event!.streamRevision).toBe('1')
    expect((await subscription.answer()).caughtUp).toEqual({})
    // two of six were looked at since the last checkpoint
    await client.appendToStream(common, [event(0), event(0), event(0)])
    await client.appendToStream(rare, event(2))
    expect((await subscription.answer()).event!.event!.streamRevision).toBe('2')
    const last = (await read(client.readStream(rare, { fromRevision: 2n })))[0]!.event!.position!.commit
    expect((await subscription.answer()).checkpoint).toEqual({
      commitPosition: String(last),
      preparePosition: String(last),
    })
  })

  it('say once that it is live, however often it falls behind', async () => {
    const stream = await streamOf(2)
    const subscription = call(store.url, 'Read', 'ReadResp')
    subscription.write(request(fromStart(stream), SUBSCRIBE, TEXT_IDS))
    subscription.end()
    const kinds = [] as string[]
    const next = async () => {
      const { confirmation, event: found, caughtUp } = await subscription.answer()
      kinds.push(confirmation ? 'confirmation' : found ? 'event' : caughtUp ? 'caught up' : 'else')
    }
    for (let n = 0; n < 4; n++) await next()
    subscription.pause(true)
    const large = binaryEvent({ type: 'Large', data: new Uint8Array(500_000) })
    for (let n = 0; n < 10; n++) await client.appendToStream(stream, { ...large, id: randomUUID() })
    subscription.pause(false)
    for (let n = 0; n < 10; n++) await next()
    await client.appendToStream(stream, event(9))
    await next()
    expect(kinds).toEqual(['confirmation', 'event', 'event', 'caught up', ...Array<string>(11).fill('event')])
  })

  it('end at once at the end of a stream that was closed', async () => {
    const stream = await streamOf(1)
    await client.tombstoneStream(stream)
    const subscription = client.subscribeToStream(stream, { fromRevision: 'end' })
    expect(await received<Error>(subscription, 'error')).toBeInstanceOf(StreamDeletedError)
  })
})
