// What every store that speaks EventStoreDB's protocol does, as the official client sees it: run by embedded.int.ts
// against the node in memory, the node on disk and, where EVENTSTORE_URL names one, a real server.
import { randomUUID } from 'node:crypto'
import {
  END,
  EventStoreDBClient,
  MaxAppendSizeExceededError,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  binaryEvent,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client'
import type {
  AllStreamSubscription,
  AppendToStreamOptions,
  EventData,
  Position,
  ResolvedEvent,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, comes, read, received } from './reading.ts'

export interface OpenStore {
  url: string
  close(): Promise<void>
}

const event = (n: number, type = 'Said'): EventData => jsonEvent({ type, data: { n } })
const events = (count: number): EventData[] => Array.from({ length: count }, (_, n) => event(n))
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)
const dataOf = (found: ResolvedEvent[]): unknown[] => found.map(({ event: e }) => (e?.data as { n: number }).n)
const revisionsOf = (found: ResolvedEvent[]): number[] => found.map(({ event: e }) => Number(e?.revision))

export const behavesLikeAnEventStore = (name: string, open: () => Promise<OpenStore>): void => {
  describe(name, () => {
    let store: OpenStore
    let client: EventStoreDBClient

    beforeAll(async () => {
      store = await open()
      client = EventStoreDBClient.connectionString(store.url)
    })
    afterAll(async () => {
      await client.dispose()
      await store.close()
    })

    /** A name no other run has used: a real server is not empty. */
    const fresh = (prefix = 'room'): string => `${prefix}-${randomUUID()}`
    const append = (stream: string, what: EventData | EventData[], options?: AppendToStreamOptions) =>
      client.appendToStream(stream, what, options)
    // the client uses the Append call where credentials are given, and BatchAppend everywhere else
    const ways: [string, AppendToStreamOptions][] = [
      ['BatchAppend', {}],
      ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
    ]

    describe.each(ways)('appending by %s', (_, way) => {
      it('numbers the events of a stream from 0, at positions that rise', async () => {
        const stream = fresh()
        const first = await append(stream, events(2), way)
        const second = await append(stream, event(2), way)
        expect([first.success, first.nextExpectedRevision, second.nextExpectedRevision]).toEqual([true, 1n, 2n])
        expect(second.position!.commit > first.position!.commit).toBe(true)
        const found = await read(client.readStream(stream))
        expect(revisionsOf(found)).toEqual([0, 1, 2])
        expect(dataOf(found)).toEqual([0, 1, 2])
        expect(found[2]?.event?.position).toEqual(second.position)
      })

      it('refuses no_stream where there is a stream, and says where it stands', async () => {
        const stream = fresh()
        await append(stream, events(3), { ...way, expectedRevision: 'no_stream' })
        const refusal = await append(stream, event(9), { ...way, expectedRevision: 'no_stream' }).catch(e => e as Error)
        expect(refusal).toBeInstanceOf(WrongExpectedVersionError)
        expect(refusal).toMatchObject({ streamName: stream, expectedVersion: 'no_stream', actualVersion: 2n })
      })

      it('refuses stream_exists where there is none', async () => {
        const stream = fresh()
        const refusal = await append(stream, event(0), { ...way, expectedRevision: 'stream_exists' }).catch(
          e => e as Error,
        )
        expect(refusal).toMatchObject({ expectedVersion: 'stream_exists', actualVersion: 'no_stream' })
        await append(stream, event(0), way)
        const accepted = await append(stream, event(1), { ...way, expectedRevision: 'stream_exists' })
        expect(accepted.nextExpectedRevision).toBe(1n)
      })

      it('takes an exact revision and no other', async () => {
        const stream = fresh()
        await append(stream, events(2), way)
        for (const expectedRevision of [0n, 2n, 77n]) {
          const refusal = await append(stream, event(9), { ...way, expectedRevision }).catch(e => e as Error)
          expect(refusal).toMatchObject({ expectedVersion: expectedRevision, actualVersion: 1n, streamName: stream })
        }
        const accepted = await append(stream, event(2), { ...way, expectedRevision: 1n })
        expect(accepted.nextExpectedRevision).toBe(2n)
        expect(dataOf(await read(client.readStream(stream)))).toEqual([0, 1, 2])
      })

      it('answers a repeated append at an exact revision as it did at first, and stores nothing', async () => {
        const stream = fresh()
        const batch = events(3)
        const first = await append(stream, batch, { ...way, expectedRevision: 'no_stream' })
        await append(stream, events(2), { ...way, expectedRevision: 2n })
        const again = await append(stream, batch, { ...way, expectedRevision: 'no_stream' })
        expect(again).toEqual(first)
        expect(await read(client.readStream(stream))).toHaveLength(5)
      })

      it('refuses an append that begins as a repeat and then differs', async () => {
        const stream = fresh()
        const batch = events(2)
        await append(stream, batch, { ...way, expectedRevision: 'no_stream' })
        const longer = append(stream, [...batch, event(2)], { ...way, expectedRevision: 'no_stream' })
        await expect(longer).rejects.toBeInstanceOf(WrongExpectedVersionError)
        expect(await read(client.readStream(stream))).toHaveLength(2)
      })

      it('stores an event once that is sent again at once with no expectation', async () => {
        const stream = fresh()
        const one = event(0)
        const answers = [await append(stream, one, way), await append(stream, one, way)]
        expect(answers.map(answer => answer.nextExpectedRevision)).toEqual([0n, 0n])
        expect(await read(client.readStream(stream))).toHaveLength(1)
      })

      it('takes one id in two streams for two events', async () => {
        const one = event(0)
        const [a, b] = [fresh(), fresh()]
        await append(a, one, way)
        await append(b, one, way)
        expect(await read(client.readStream(b))).toHaveLength(1)
      })

      it('refuses more than a mebibyte, and goes on', async () => {
        const stream = fresh()
        const large = [600_000, 600_000].map(size =>
          binaryEvent({ type: 'Large', data: new Uint8Array(size), metadata: new Uint8Array(0) }),
        )
        const refusal = await append(stream, large, way).catch(e => e as Error)
        expect(refusal).toBeInstanceOf(MaxAppendSizeExceededError)
        expect(refusal).toMatchObject({ maxAppendSize: 1024 * 1024 })
        await append(stream, large[0]!, way)
        expect(await read(client.readStream(stream))).toHaveLength(1)
      })

      it('keeps data, metadata, types and ids as they were given', async () => {
        const stream = fresh()
        const json = jsonEvent({ type: 'Gesagt', data: { text: 'Grüße, 世界 👋' }, metadata: { by: 'ü' } })
        const bytes = binaryEvent({ type: 'Bytes', data: Uint8Array.of(0, 255, 128), metadata: Uint8Array.of(9, 200) })
        const empty = binaryEvent({ type: 'Empty', data: new Uint8Array(0) })
        const before = Date.now()
        await append(stream, [json, bytes, empty], way)
        const [first, second, third] = (await read(client.readStream(stream))).map(found => found.event!)
        expect(first).toMatchObject({
          streamId: stream,
          id: json.id,
          type: 'Gesagt',
          isJson: true,
          data: json.data,
          metadata: json.metadata,
        })
        expect(second).toMatchObject({ id: bytes.id, type: 'Bytes', isJson: false })
        expect([...(second!.data as Uint8Array)]).toEqual([0, 255, 128])
        expect([...(second!.metadata as unknown as Uint8Array)]).toEqual([9, 200])
        expect(third!.data as Uint8Array).toHaveLength(0)
        expect(Math.abs(first!.created.getTime() - before)).toBeLessThan(60_000)
      })
    })

    it('lets one of many writers create a stream', async () => {
      const stream = fresh()
      const tries = numbers(20).map(n => append(stream, event(n), { expectedRevision: 'no_stream' }))
      const results = await Promise.allSettled(tries)
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
      expect(await read(client.readStream(stream))).toHaveLength(1)
    })

    it('keeps appends of several events whole among writers at once', async () => {
      const stream = fresh()
      await Promise.all(numbers(30).map(n => append(stream, [event(n), event(n), event(n)])))
      const found = dataOf(await read(client.readStream(stream)))
      expect(found).toHaveLength(90)
      for (const i of numbers(30)) expect(new Set(found.slice(3 * i, 3 * i + 3)).size).toBe(1)
    })

    describe('reading a stream', () => {
      const stream = fresh()
      beforeAll(async () => {
        await append(stream, events(1200))
      })
      const stretch = async (options: Parameters<EventStoreDBClient['readStream']>[1]) =>
        revisionsOf(await read(client.readStream(stream, options)))

      it('shows it whole and in order, also over many pages', async () => {
        expect(await stretch({})).toEqual(numbers(1200))
        expect(await stretch({ direction: 'backwards', fromRevision: END })).toEqual(numbers(1200).reverse())
      })

      it('begins at the revision that is asked for, and stops at the count', async () => {
        expect(await stretch({ fromRevision: 1198n })).toEqual([1198, 1199])
        expect(await stretch({ fromRevision: 5n, maxCount: 3 })).toEqual([5, 6, 7])
        expect(await stretch({ fromRevision: 5n, maxCount: 3, direction: 'backwards' })).toEqual([5, 4, 3])
        expect(await stretch({ fromRevision: END, maxCount: 2, direction: 'backwards' })).toEqual([1199, 1198])
      })

      it('finds nothing beyond the end', async () => {
        expect(await stretch({ fromRevision: 1200n })).toEqual([])
      })

      it('says that a stream is not there', async () => {
        const missing = fresh()
        const refusal = await read(client.readStream(missing)).catch(e => e as Error)
        expect(refusal).toBeInstanceOf(StreamNotFoundError)
        expect(refusal).toMatchObject({ streamName: missing })
      })
    })

    describe('reading $all', () => {
      it('shows events in the order of their positions, from one of them on', async () => {
        const [a, b] = [fresh(), fresh()]
        const first = await append(a, event(0))
        await append(b, event(1))
        await append(a, [event(2), event(3)])
        const found = await read(client.readAll({ fromPosition: first.position! }))
        const mine = found.filter(({ event: e }) => e && [a, b].includes(e.streamId))
        expect(dataOf(mine)).toEqual([0, 1, 2, 3])
        expect(mine[0]?.event?.position).toEqual(first.position)
        expect(mine[0]?.commitPosition).toBe(first.position!.commit)
        const positions = found.map(({ event: e }) => e!.position!.commit)
        expect(positions).toEqual([...positions].sort((x, y) => (x < y ? -1 : 1)))
      })

      it('goes backwards from the end, and from a position shows what comes before it', async () => {
        const stream = fresh()
        await append(stream, event(0))
        const { position } = await append(stream, event(1))
        await append(stream, event(2))
        const fromEnd = await read(client.readAll({ direction: 'backwards', fromPosition: END, maxCount: 20 }))
        expect(dataOf(fromEnd.filter(({ event: e }) => e?.streamId === stream))).toEqual([2, 1, 0])
        const before = await read(
          client.readAll({ direction: 'backwards', fromPosition: position as Position, maxCount: 20 }),
        )
        expect(dataOf(before.filter(({ event: e }) => e?.streamId === stream))).toEqual([0])
      })

      it('stops at the count', async () => {
        await append(fresh(), events(5))
        expect(await read(client.readAll({ maxCount: 3 }))).toHaveLength(3)
      })
    })

    describe('stream metadata', () => {
      it('is kept, and stands in $all as a $metadata event', async () => {
        const stream = fresh()
        const { position } = await append(stream, event(0))
        expect((await client.getStreamMetadata(stream)).metadata).toBeUndefined()
        await client.setStreamMetadata(stream, { maxCount: 10, owner: 'me' } as never)
        expect((await client.getStreamMetadata(stream)).metadata).toMatchObject({ maxCount: 10, owner: 'me' })
        const found = await read(client.readAll({ fromPosition: position as Position }))
        expect(found.map(({ event: e }) => [e?.streamId, e?.type])).toContainEqual([`$$${stream}`, '$metadata'])
      })

      it('hides what is before the last so many events, or before a revision', async () => {
        const stream = fresh()
        await append(stream, events(10))
        await client.setStreamMetadata(stream, { maxCount: 4 })
        expect(revisionsOf(await read(client.readStream(stream)))).toEqual([6, 7, 8, 9])
        await client.setStreamMetadata(stream, { truncateBefore: 8 })
        expect(revisionsOf(await read(client.readStream(stream)))).toEqual([8, 9])
        expect(revisionsOf(await read(client.readStream(stream, { fromRevision: 2n, maxCount: 1 })))).toEqual([8])
        const backwards = client.readStream(stream, { direction: 'backwards', fromRevision: END })
        expect(revisionsOf(await read(backwards))).toEqual([9, 8])
      })
    })

    describe('subscribing to a stream', () => {
      it('gives what is there, says that it is live, and gives what comes', async () => {
        const stream = fresh()
        await append(stream, events(600))
        const subscription = client.subscribeToStream(stream)
        const caughtUp = comes(subscription, 'caughtUp')
        const all = collect(subscription, 603)
        await caughtUp
        await append(stream, [event(600), event(601)])
        await append(stream, event(602))
        expect(dataOf(await all)).toEqual(numbers(603))
        await subscription.unsubscribe()
      })

      it('begins after the revision it is given, or with what is written from now on', async () => {
        const stream = fresh()
        await append(stream, events(4))
        const after = client.subscribeToStream(stream, { fromRevision: 1n })
        const live = client.subscribeToStream(stream, { fromRevision: END })
        const [some, next] = [collect(after, 3), collect(live, 1)]
        await comes(live, 'caughtUp')
        await append(stream, event(4))
        expect(dataOf(await some)).toEqual([2, 3, 4])
        expect(dataOf(await next)).toEqual([4])
        await Promise.all([after.unsubscribe(), live.unsubscribe()])
      })

      it('waits for a stream that is yet to be', async () => {
        const stream = fresh()
        const subscription = client.subscribeToStream(stream)
        const first = collect(subscription, 2)
        await comes(subscription, 'confirmation')
        await append(stream, events(2))
        expect(dataOf(await first)).toEqual([0, 1])
        await subscription.unsubscribe()
      })
    })

    describe('subscribing to $all', () => {
      const ends = async (subscription: AllStreamSubscription, found: Promise<ResolvedEvent[]>) => {
        const result = await found
        await subscription.unsubscribe()
        return result
      }

      it('filters by the prefixes of stream names, before and after it is live', async () => {
        const [wanted, other] = [fresh('wanted'), fresh('other')]
        await append(wanted, event(0))
        await append(other, event(1))
        const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [wanted, 'no-such-'] }) })
        const caughtUp = comes(subscription, 'caughtUp')
        const found = collect(subscription, 3)
        await caughtUp
        await append(other, event(2))
        await append(wanted, [event(3), event(4)])
        expect(dataOf(await ends(subscription, found))).toEqual([0, 3, 4])
      })

      it('filters by a regular expression on stream names', async () => {
        const stream = fresh()
        const { position } = await append(fresh(), event(0))
        const filter = streamNameFilter({ regex: `^${stream}.*$` })
        const subscription = client.subscribeToAll({ fromPosition: position as Position, filter })
        const found = collect(subscription, 2)
        await append(stream, events(2))
        expect(dataOf(await ends(subscription, found))).toEqual([0, 1])
      })

      it('filters by event types, by prefix or regular expression', async () => {
        const { position } = await append(fresh(), event(0))
        const type = `Kind${randomUUID()}`
        const byPrefix = client.subscribeToAll({
          fromPosition: position as Position,
          filter: eventTypeFilter({ prefixes: [type] }),
        })
        const byRegex = client.subscribeToAll({
          fromPosition: position as Position,
          filter: eventTypeFilter({ regex: `^${type}B$` }),
        })
        const [some, one] = [collect(byPrefix, 2), collect(byRegex, 1)]
        await append(fresh(), [event(1, `${type}A`), event(2, `${type}B`)])
        expect(dataOf(await ends(byPrefix, some))).toEqual([1, 2])
        expect(dataOf(await ends(byRegex, one))).toEqual([2])
      })

      it('leaves out system events where it is told to', async () => {
        const stream = fresh()
        const { position } = await append(stream, event(0))
        const subscription = client.subscribeToAll({
          fromPosition: position as Position,
          filter: excludeSystemEvents(),
        })
        const found = collect(subscription, 1)
        await client.setStreamMetadata(stream, { maxCount: 10 })
        await append(stream, event(1))
        expect((await ends(subscription, found)).map(({ event: e }) => e?.type)).toEqual(['Said'])
      })

      it('begins after the position it is given', async () => {
        const stream = fresh()
        const { position } = await append(stream, event(0))
        await append(stream, event(1))
        const filter = streamNameFilter({ prefixes: [stream] })
        const subscription = client.subscribeToAll({ fromPosition: position as Position, filter })
        expect(dataOf(await ends(subscription, collect(subscription, 1)))).toEqual([1])
      })

      it('begins with what is written from now on', async () => {
        const stream = fresh()
        await append(stream, event(0))
        const filter = streamNameFilter({ prefixes: [stream] })
        const subscription = client.subscribeToAll({ fromPosition: END, filter })
        const found = collect(subscription, 1)
        await comes(subscription, 'caughtUp')
        await append(stream, event(1))
        expect(dataOf(await ends(subscription, found))).toEqual([1])
      })

      it('says how far it has looked though nothing matches, and can be resumed from there', async () => {
        const stream = fresh()
        const { position } = await append(stream, event(0))
        const checkpoints: Position[] = []
        let reached = (): void => undefined
        const first = new Promise<void>(resolve => (reached = resolve))
        const subscription = client.subscribeToAll({
          fromPosition: position as Position,
          filter: streamNameFilter({
            prefixes: ['no-such-'],
            checkpointInterval: 2,
            checkpointReached: (_, at) => {
              checkpoints.push(at)
              reached()
            },
          }),
        })
        subscription.on('error', () => undefined).resume()
        await append(stream, events(200))
        await first
        await subscription.unsubscribe()
        const from = checkpoints[0]!
        expect(from.commit > position!.commit).toBe(true)
        const resumed = client.subscribeToAll({
          fromPosition: from,
          filter: streamNameFilter({ prefixes: [stream] }),
        })
        const found = await ends(resumed, collect(resumed, 1))
        expect(found[0]!.commitPosition! > from.commit).toBe(true)
      })

      it('misses nothing and repeats nothing while it catches up with a writer', async () => {
        const stream = fresh()
        await append(stream, events(500))
        const total = 500 + 40 * 5 * 10
        const writing = (async () => {
          for (let round = 0; round < 40; round++) await Promise.all(numbers(5).map(() => append(stream, events(10))))
        })()
        const subscriptions = numbers(3).map(() =>
          client.subscribeToAll({ fromPosition: START, filter: streamNameFilter({ prefixes: [stream] }) }),
        )
        const found = await Promise.all(subscriptions.map(each => collect(each, total)))
        await writing
        for (const each of found) expect(revisionsOf(each)).toEqual(numbers(total))
        await Promise.all(subscriptions.map(each => each.unsubscribe()))
      })
    })

    describe('deleting a stream', () => {
      it('hides it until it is written again, and then shows only what is new', async () => {
        const stream = fresh()
        await append(stream, events(3))
        await client.deleteStream(stream, { expectedRevision: 2n })
        await expect(read(client.readStream(stream))).rejects.toBeInstanceOf(StreamNotFoundError)
        const again = await append(stream, event(3), { expectedRevision: 'no_stream' })
        expect(again.nextExpectedRevision).toBe(3n)
        expect(revisionsOf(await read(client.readStream(stream)))).toEqual([3])
      })

      it('refuses stream_exists on a deleted stream', async () => {
        const stream = fresh()
        await append(stream, event(0))
        await client.deleteStream(stream)
        const refused = append(stream, event(1), { expectedRevision: 'stream_exists' })
        await expect(refused).rejects.toBeInstanceOf(StreamDeletedError)
      })

      it('is refused at another revision, and where there never was a stream', async () => {
        const stream = fresh()
        const never = client.deleteStream(stream)
        await expect(never).rejects.toBeInstanceOf(WrongExpectedVersionError)
        await append(stream, events(2))
        const refusal = await client.deleteStream(stream, { expectedRevision: 0n }).catch((e: unknown) => e)
        expect(refusal).toBeInstanceOf(WrongExpectedVersionError)
        expect(refusal).toMatchObject({ streamName: stream, expectedVersion: 0n, actualVersion: 1n })
        expect(await read(client.readStream(stream))).toHaveLength(2)
      })

      it('leaves its events in $all', async () => {
        const stream = fresh()
        const { position } = await append(stream, event(0))
        await client.deleteStream(stream)
        const found = await read(client.readAll({ fromPosition: position as Position }))
        expect(found.some(({ event: e }) => e?.streamId === stream)).toBe(true)
      })
    })

    describe('a tombstone', () => {
      it('closes a stream for good, to readers, writers and subscribers', async () => {
        const stream = fresh()
        await append(stream, event(0))
        const live = client.subscribeToStream(stream)
        await comes(
          live.on('data', () => undefined),
          'caughtUp',
        )
        const ended = received<Error>(live, 'error')
        const { position } = await client.tombstoneStream(stream)
        expect(position).toBeDefined()
        expect(await ended).toBeInstanceOf(StreamDeletedError)
        await expect(read(client.readStream(stream))).rejects.toBeInstanceOf(StreamDeletedError)
        await expect(append(stream, event(1))).rejects.toBeInstanceOf(StreamDeletedError)
        await expect(client.setStreamMetadata(stream, {})).rejects.toBeInstanceOf(StreamDeletedError)
        await expect(client.tombstoneStream(stream)).rejects.toBeInstanceOf(StreamDeletedError)
        const late = client.subscribeToStream(stream)
        expect(await received<Error>(late, 'error')).toBeInstanceOf(StreamDeletedError)
      })

      it('can be set where there never was a stream', async () => {
        const stream = fresh()
        await client.tombstoneStream(stream, { expectedRevision: 'no_stream' })
        await expect(read(client.readStream(stream))).rejects.toBeInstanceOf(StreamDeletedError)
      })

      it('is refused at another revision', async () => {
        const stream = fresh()
        await append(stream, events(2))
        const refusal = client.tombstoneStream(stream, { expectedRevision: 0n })
        await expect(refusal).rejects.toBeInstanceOf(WrongExpectedVersionError)
      })
    })

    it('is found by clients that ask for the cluster', async () => {
      const discovering = EventStoreDBClient.connectionString(store.url.replace('esdb://', 'esdb+discover://'))
      const stream = fresh()
      await append(stream, event(0))
      expect(await read(discovering.readStream(stream))).toHaveLength(1)
      await discovering.dispose()
    })
  })
}
