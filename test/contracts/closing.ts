// A tombstone: it closes a stream for good, to readers, writers and subscribers.
import { StreamDeletedError } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { IN_TRAILERS } from './deleting.ts'
import { comes, follow, received, refusal } from './reading.ts'
import { at, expectRefusal, inWords, streamIn } from './states.ts'
import type { Expected, Ruling, State } from './states.ts'
import { event, events, fresh, of, ways } from './store.ts'
import type { Store } from './store.ts'

const RULES: [State, Expected, Ruling][] = [
  ['that never was', 'any', 'allowed'],
  ['that never was', 'no_stream', 'allowed'],
  ['that never was', 'stream_exists', at(-1n)],
  ['that never was', 0n, at(-1n)],
  ['with three events', 'any', 'allowed'],
  ['with three events', 'no_stream', at(2n)],
  ['with three events', 'stream_exists', 'allowed'],
  ['with three events', 2n, 'allowed'],
  ['with three events', 0n, at(2n)],
  ['with three events', 3n, at(2n)],
  ['that was deleted', 'any', 'allowed'],
  ['that was deleted', 'no_stream', 'allowed'],
  ['that was deleted', 'stream_exists', 'deleted'],
  ['that was deleted', 2n, 'allowed'],
  ['that was deleted', 0n, at(2n)],
  ['that was closed for good', 'any', 'deleted'],
  ['that was closed for good', 'no_stream', 'deleted'],
  ['that was closed for good', 'stream_exists', 'deleted'],
  ['that was closed for good', 2n, 'deleted'],
  ['with metadata alone', 'any', 'allowed'],
  ['with metadata alone', 'no_stream', 'allowed'],
  ['with metadata alone', 'stream_exists', 'allowed'],
  ['with metadata alone', 0n, at(-1n)],
]

export const behavesLikeClosing = (store: Store): void => {
  const close = (stream: string, expectedRevision: Expected = 'any') =>
    // the client can send stream_exists here, though its types do not say so
    store.client().tombstoneStream(stream, { expectedRevision: expectedRevision as 'any' | bigint })

  describe('closing for good', () => {
    for (const [state, expectedRevision, ruling] of RULES)
      it(`a stream ${state}, expecting ${String(expectedRevision)}, is ${inWords(ruling)}`, async () => {
        const stream = await streamIn(state, store)
        const closing = close(stream, expectedRevision)
        if (ruling !== 'allowed') {
          const expectedVersion =
            typeof expectedRevision === 'bigint' ? expectedRevision : IN_TRAILERS[expectedRevision]
          return expectRefusal(await refusal(closing), ruling, { streamName: stream, expectedVersion })
        }
        await closing
        expect(await refusal(store.read(stream))).toBeInstanceOf(StreamDeletedError)
      })

    it('is answered with the position of the tombstone', async () => {
      const stream = await streamIn('with three events', store)
      const { position } = await close(stream)
      const [tombstone] = await store.readAll({ fromPosition: position!, maxCount: 1 })
      expect(tombstone!.event).toMatchObject({ streamId: stream, type: '$streamDeleted', revision: 2n ** 63n - 1n })
    })

    it('leaves its events in $all', async () => {
      const stream = fresh()
      const { position } = await store.append(stream, event(0))
      await store.append(stream, event(1))
      await close(stream)
      const found = of([stream], await store.readAll({ fromPosition: position! }))
      expect(found.map(({ type }) => type)).toEqual(['Said', 'Said', '$streamDeleted'])
    })
  })

  describe('a stream that was closed for good', () => {
    const credentials = ways[1]![1]
    const client = () => store.client()
    it.each<[string, (stream: string) => Promise<unknown>]>([
      ['readers', stream => store.read(stream)],
      ['readers backwards', stream => store.read(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 })],
      ['readers beyond its end', stream => store.read(stream, { fromRevision: 50n })],
      ['writers by BatchAppend', stream => store.append(stream, event(1))],
      ['writers by Append', stream => store.append(stream, event(1), credentials)],
      ['writers of nothing', stream => store.append(stream, [], { expectedRevision: 2n })],
      ['who would delete it', stream => client().deleteStream(stream)],
      ['who would close it', stream => client().tombstoneStream(stream)],
      ['subscribers from its start', stream => received<Error>(client().subscribeToStream(stream), 'error').then(fail)],
      [
        'subscribers from a revision',
        stream => received<Error>(client().subscribeToStream(stream, { fromRevision: 1n }), 'error').then(fail),
      ],
    ])('says so to %s', async (_who, ask) => {
      const stream = await streamIn('that was closed for good', store)
      const error = await refusal(ask(stream))
      expect(error).toBeInstanceOf(StreamDeletedError)
      expect(error).toMatchObject({ streamName: stream, type: 'stream-deleted' })
    })

    it.each<[string, (stream: string) => Promise<unknown>]>([
      ['to readers', stream => client().getStreamMetadata(stream)],
      ['to writers by BatchAppend', stream => client().setStreamMetadata(stream, { maxCount: 1 })],
      ['to writers by Append', stream => client().setStreamMetadata(stream, { maxCount: 1 }, credentials)],
    ])('has its metadata closed too, %s', async (_who, ask) => {
      const stream = fresh()
      await client().setStreamMetadata(stream, { maxCount: 1 })
      await close(stream)
      const error = await refusal(ask(stream))
      expect(error).toBeInstanceOf(StreamDeletedError)
      expect(error).toMatchObject({ streamName: `$$${stream}` })
    })

    it('fails the subscriptions to it that are live', async () => {
      const stream = await streamIn('with three events', store)
      const live = client().subscribeToStream(stream)
      const late = client().subscribeToStream(stream, { fromRevision: 'end' })
      for (const each of [live, late]) each.on('data', () => undefined)
      await Promise.all([comes(live, 'caughtUp'), comes(late, 'caughtUp')])
      const ended = Promise.all([received<Error>(live, 'error'), received<Error>(late, 'error')])
      await close(stream)
      for (const error of await ended) {
        expect(error).toBeInstanceOf(StreamDeletedError)
        expect(error).toMatchObject({ streamName: stream })
      }
    })

    it('has given its last events to those subscriptions before', async () => {
      const stream = fresh()
      const live = client().subscribeToStream(stream, { fromRevision: 'end' })
      const { found, caughtUp } = follow(live)
      await caughtUp
      const ended = received<Error>(live, 'error')
      const [written] = await Promise.allSettled([store.append(stream, events(3)), close(stream)])
      expect(await ended).toBeInstanceOf(StreamDeletedError)
      expect(found).toHaveLength(written.status === 'fulfilled' ? 3 : 0)
    })

    it('fails those that wait for it to be', async () => {
      const stream = fresh()
      const waiting = client().subscribeToStream(stream)
      await comes(
        waiting.on('data', () => undefined),
        'confirmation',
      )
      const ended = received<Error>(waiting, 'error')
      await close(stream, 'no_stream')
      expect(await ended).toBeInstanceOf(StreamDeletedError)
    })

    it('is named right where its name is an odd one', async () => {
      const stream = fresh('50% off, "quoted" \\ room')
      await close(stream)
      for (const ask of [store.read, client().deleteStream.bind(client())])
        expect(await refusal(ask(stream))).toMatchObject({ streamName: stream })
      expect(await refusal(store.append(stream, event(0)))).toMatchObject({ streamName: stream })
    })

    it('does not close another with a longer name', async () => {
      const stream = fresh()
      await store.append(`${stream}-more`, events(2))
      await close(stream)
      await store.append(`${stream}-more`, event(2))
      expect(await store.read(`${stream}-more`)).toHaveLength(3)
    })
  })
}

const fail = (error: Error): never => {
  throw error
}
