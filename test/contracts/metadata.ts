// A stream's metadata: kept as it was set, expected at its own revisions, and deciding what readers of the stream see.
import { END, StreamNotFoundError, WrongExpectedVersionError, binaryEvent, jsonEvent } from '@eventstore/db-client'
import type { EventStoreDBClient, ReadStreamOptions } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { becomes, refusal } from './reading.ts'
import { event, events, fresh, of, positionOf, revisionsOf, ways } from './store.ts'
import type { Store } from './store.ts'

const BACKWARDS = { direction: 'backwards', fromRevision: END } as const

type Metadata = Parameters<EventStoreDBClient['setStreamMetadata']>[1]

export const behavesLikeMetadata = (store: Store): void => {
  const set = (stream: string, metadata: Metadata, expectedRevision: bigint | 'any' | 'no_stream' = 'any') =>
    store.client().setStreamMetadata(stream, metadata, { expectedRevision })
  const get = async (stream: string) => (await store.client().getStreamMetadata(stream)).metadata
  const shown = async (stream: string, options?: ReadStreamOptions) => revisionsOf(await store.read(stream, options))
  const streamOf = async (count: number): Promise<string> => {
    const stream = fresh()
    await store.append(stream, events(count))
    return stream
  }

  describe('stream metadata', () => {
    it('is not there until it is set, be the stream there or not', async () => {
      expect(await get(fresh())).toBeUndefined()
      expect(await get(await streamOf(1))).toBeUndefined()
    })

    it('is kept whole: what the store knows, who may do what, and what is ours', async () => {
      const stream = await streamOf(1)
      const metadata = {
        maxAge: 3600,
        maxCount: 10,
        truncateBefore: 0,
        cacheControl: 15,
        acl: { readRoles: ['ops', 'dev'], writeRoles: ['ops'], deleteRoles: ['$admins'], metaReadRoles: ['$all'] },
        owner: { name: 'Zoë', ids: [1, 2] },
        note: null,
      }
      await set(stream, metadata)
      expect(await get(stream)).toEqual(metadata)
    })

    it('can be set before the stream is, and holds for it then', async () => {
      const stream = fresh()
      await set(stream, { maxCount: 2, owner: 'me' })
      expect(await get(stream)).toEqual({ maxCount: 2, owner: 'me' })
      expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
      await store.append(stream, events(5))
      expect(await shown(stream)).toEqual([3, 4])
    })

    it('is replaced, not added to', async () => {
      const stream = await streamOf(5)
      await set(stream, { maxCount: 2, owner: 'me' })
      await set(stream, { truncateBefore: 1 })
      expect(await get(stream)).toEqual({ truncateBefore: 1 })
      expect(await shown(stream)).toEqual([1, 2, 3, 4])
      await set(stream, {})
      expect(await get(stream)).toEqual({})
      expect(await shown(stream)).toEqual([0, 1, 2, 3, 4])
    })

    it('stands in $all as $metadata events of a stream of its own, each time it was set', async () => {
      const stream = await streamOf(1)
      const before = await store.append(stream, event(1))
      await set(stream, { maxCount: 10 })
      await set(stream, { maxCount: 20 })
      const found = of([`$$${stream}`], await store.readAll({ fromPosition: positionOf(before) }))
      expect(found.map(e => [e.type, e.isJson, e.revision, e.data])).toEqual([
        ['$metadata', true, 0n, { $maxCount: 10 }],
        ['$metadata', true, 1n, { $maxCount: 20 }],
      ])
    })

    it('shows, where its own stream is read, only what was set last', async () => {
      const stream = await streamOf(1)
      for (const maxCount of [1, 2, 3]) await set(stream, { maxCount })
      const forwards = await store.read(`$$${stream}`)
      expect(forwards.map(({ event: e }) => [e!.revision, e!.data])).toEqual([[2n, { $maxCount: 3 }]])
      expect(await store.read(`$$${stream}`, BACKWARDS)).toEqual(forwards)
    })

    it('is told with the position at which it was set', async () => {
      const stream = await streamOf(1)
      const { position } = await set(stream, { maxCount: 1 })
      expect((await store.client().getStreamMetadata(stream)).metastreamRevision).toBe(position!.commit)
    })

    it.each(ways)('can be set by %s, and says its revision', async (_, way) => {
      const stream = await streamOf(3)
      for (const revision of [0n, 1n]) {
        const { nextExpectedRevision } = await store.client().setStreamMetadata(stream, { maxCount: 1 }, way)
        expect(nextExpectedRevision).toBe(revision)
      }
      expect(await shown(stream)).toEqual([2])
    })

    it('can be expected at its revision, which is not that of the stream', async () => {
      const stream = await streamOf(5)
      await set(stream, { maxCount: 1 }, 'no_stream')
      for (const [expected, actual] of [
        ['no_stream', 0n],
        [4n, 0n],
      ] as const) {
        const error = await refusal(set(stream, { maxCount: 9 }, expected))
        expect(error).toBeInstanceOf(WrongExpectedVersionError)
        expect(error).toMatchObject({ streamName: `$$${stream}`, expectedVersion: expected, actualVersion: actual })
      }
      await set(stream, { maxCount: 2 }, 0n)
      expect(await get(stream)).toEqual({ maxCount: 2 })
      expect((await store.append(stream, event(5), { expectedRevision: 4n })).nextExpectedRevision).toBe(5n)
    })
  })

  describe('the metadata maxCount', () => {
    it('shows the last so many events, both ways, from wherever', async () => {
      const stream = await streamOf(10)
      await set(stream, { maxCount: 4 })
      expect(await shown(stream)).toEqual([6, 7, 8, 9])
      expect(await shown(stream, BACKWARDS)).toEqual([9, 8, 7, 6])
      expect(await shown(stream, { fromRevision: 2n, maxCount: 100 })).toEqual([6, 7, 8, 9])
      expect(await shown(stream, { ...BACKWARDS, fromRevision: 7n })).toEqual([7, 6])
      expect(await shown(stream, { ...BACKWARDS, fromRevision: 5n })).toEqual([])
    })

    it('moves on with the stream', async () => {
      const stream = await streamOf(5)
      await set(stream, { maxCount: 2 })
      for (const n of [5, 6, 7]) {
        await store.append(stream, event(n))
        expect(await shown(stream)).toEqual([n - 1, n])
      }
    })

    it('of more than there is hides nothing', async () => {
      const stream = await streamOf(5)
      for (const maxCount of [5, 6, Number.MAX_SAFE_INTEGER]) {
        await set(stream, { maxCount })
        expect(await shown(stream)).toHaveLength(5)
      }
    })
  })

  describe('the metadata truncateBefore', () => {
    it('shows what comes from that revision on, both ways', async () => {
      const stream = await streamOf(10)
      await set(stream, { truncateBefore: 8 })
      expect(await shown(stream)).toEqual([8, 9])
      expect(await shown(stream, BACKWARDS)).toEqual([9, 8])
      expect(await shown(stream, { fromRevision: 2n, maxCount: 10 })).toEqual([8, 9])
      expect(await shown(stream, { ...BACKWARDS, fromRevision: 3n })).toEqual([])
      expect(await shown(stream, { direction: 'backwards', fromRevision: 'start' })).toEqual([])
    })

    it('beyond the end shows nothing, yet the stream is there', async () => {
      const stream = await streamOf(3)
      await set(stream, { truncateBefore: 3 })
      expect(await shown(stream)).toEqual([])
      expect(await shown(stream, BACKWARDS)).toEqual([])
      await refusal(store.append(stream, event(9), { expectedRevision: 'no_stream' }))
      await store.append(stream, event(3), { expectedRevision: 'stream_exists' })
      expect(await shown(stream)).toEqual([3])
    })

    it('may stand before events that are yet to come', async () => {
      const stream = await streamOf(2)
      await set(stream, { truncateBefore: 4 })
      await store.append(stream, events(4))
      expect(await shown(stream)).toEqual([4, 5])
    })

    it('and maxCount together hide what either does', async () => {
      const stream = await streamOf(10)
      await set(stream, { truncateBefore: 8, maxCount: 5 })
      expect(await shown(stream)).toEqual([8, 9])
      await set(stream, { truncateBefore: 2, maxCount: 3 })
      expect(await shown(stream)).toEqual([7, 8, 9])
    })

    it('can be taken back: what it hid was not gone', async () => {
      const stream = await streamOf(4)
      await set(stream, { truncateBefore: 3 })
      await set(stream, { truncateBefore: 1 })
      expect(await shown(stream)).toEqual([1, 2, 3])
    })
  })

  describe('the metadata maxAge', () => {
    it('hides what is older, both ways, and no more than that', async () => {
      const stream = await streamOf(3)
      await set(stream, { maxAge: 1 })
      const aged = await becomes(
        () => shown(stream),
        found => found.length === 0,
        Infinity,
      )
      expect([aged, await shown(stream, BACKWARDS)]).toEqual([[], []])
      await set(stream, { maxAge: 3600 })
      expect(await shown(stream)).toEqual([0, 1, 2])
    })

    it('keeps the stream there, and shows what is new', async () => {
      const stream = await streamOf(2)
      await set(stream, { maxAge: 1 })
      await becomes(
        () => shown(stream),
        found => found.length === 0,
        Infinity,
      )
      await store.append(stream, event(2), { expectedRevision: 1n })
      expect([[2], []]).toContainEqual(await shown(stream)) // a second may have passed on a busy machine
      await set(stream, { maxAge: 3600 })
      expect(await shown(stream)).toEqual([0, 1, 2])
    })
  })

  describe('metadata that makes no sense', () => {
    it.each([
      ['a maxCount of 0', { $maxCount: 0 }],
      ['a negative maxCount', { $maxCount: -3 }],
      ['a maxAge of 0', { $maxAge: 0 }],
      ['a maxCount in words', { $maxCount: '2' }],
      ['a truncation in words beside a maxCount', { $tb: '2', $maxCount: 1 }],
      ['a truncation beyond all revisions', { $tb: 1e30 }],
    ])('as %s hides nothing', async (_what, metadata) => {
      const stream = await streamOf(3)
      await store.append(`$$${stream}`, jsonEvent({ type: '$metadata', data: metadata }))
      expect(await shown(stream)).toEqual([0, 1, 2])
    })

    it('as text that is no JSON, or is not said to be, hides nothing', async () => {
      const stream = await streamOf(3)
      for (const text of ['{"$maxCount":', '{"$maxCount":1}']) {
        await store.append(`$$${stream}`, binaryEvent({ type: '$metadata', data: new TextEncoder().encode(text) }))
        expect(await shown(stream)).toEqual([0, 1, 2])
      }
    })
  })
}
