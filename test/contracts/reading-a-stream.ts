// Reading one stream: from where, which way, how much. Longer than any page a store reads at once.
import { END, START, StreamNotFoundError, binaryEvent } from '@eventstore/db-client'
import type { ReadStreamOptions } from '@eventstore/db-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { refusal } from './reading.ts'
import { dataOf, event, events, fresh, numbers, of, revisionsOf } from './store.ts'
import type { Store } from './store.ts'

const LENGTH = 1200
const BACKWARDS = { direction: 'backwards' } as const

export const behavesLikeReadingAStream = (store: Store): void => {
  describe('reading a stream', () => {
    const stream = fresh()
    beforeAll(async () => {
      for (let n = 0; n < LENGTH; n += 400)
        await store.append(
          stream,
          numbers(400, n).map(i => event(i)),
        )
    })
    const stretch = async (options: ReadStreamOptions) => {
      const found = await store.read(stream, options)
      expect(dataOf(found)).toEqual(revisionsOf(found))
      return revisionsOf(found)
    }
    const down = (from: number, count: number): number[] => numbers(count, from - count + 1).reverse()

    it('shows it whole and in order', async () => {
      expect(await stretch({})).toEqual(numbers(LENGTH))
      expect(await stretch({ fromRevision: START })).toEqual(numbers(LENGTH))
    })

    it('shows it whole and backwards from the end', async () => {
      expect(await stretch({ ...BACKWARDS, fromRevision: END })).toEqual(down(1199, LENGTH))
    })

    it('begins with the revision that is asked for', async () => {
      expect(await stretch({ fromRevision: 1198n })).toEqual([1198, 1199])
      expect(await stretch({ fromRevision: 1199n })).toEqual([1199])
      expect(await stretch({ fromRevision: 0n, maxCount: 1 })).toEqual([0])
    })

    it('begins with it backwards too', async () => {
      expect(await stretch({ ...BACKWARDS, fromRevision: 2n })).toEqual([2, 1, 0])
      expect(await stretch({ ...BACKWARDS, fromRevision: 1199n, maxCount: 1 })).toEqual([1199])
    })

    it('stops at the count', async () => {
      expect(await stretch({ fromRevision: 5n, maxCount: 3 })).toEqual([5, 6, 7])
      expect(await stretch({ ...BACKWARDS, fromRevision: 5n, maxCount: 3 })).toEqual([5, 4, 3])
      expect(await stretch({ ...BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual([1199, 1198])
    })

    it.each([31, 32, 33, 511, 512, 513, 1024])('stops at a count of %d, whatever the pages are', async maxCount => {
      expect(await stretch({ maxCount })).toEqual(numbers(maxCount))
      expect(await stretch({ fromRevision: 100n, maxCount })).toEqual(numbers(maxCount, 100))
      expect(await stretch({ ...BACKWARDS, fromRevision: END, maxCount })).toEqual(down(1199, maxCount))
    })

    it('stops at the end where the count is more than there is', async () => {
      expect(await stretch({ fromRevision: 1190n, maxCount: 100 })).toEqual(numbers(10, 1190))
      expect(await stretch({ ...BACKWARDS, fromRevision: 9n, maxCount: 100 })).toEqual(down(9, 10))
      expect(await stretch({ fromRevision: 1190n, maxCount: Number.MAX_SAFE_INTEGER })).toEqual(numbers(10, 1190))
    })

    it('finds nothing beyond the end, which is no error', async () => {
      for (const fromRevision of [1200n, 5000n, 2n ** 40n]) expect(await stretch({ fromRevision })).toEqual([])
    })

    it('begins backwards with the last event where it is asked to begin beyond it', async () => {
      for (const fromRevision of [1200n, 1210n])
        expect(await stretch({ ...BACKWARDS, fromRevision, maxCount: 20 })).toEqual(down(1199, 20))
    })

    it('finds backwards from the start the first event', async () => {
      expect(await stretch({ ...BACKWARDS, fromRevision: START })).toEqual([0])
    })

    it('is the same for many readers at once', async () => {
      const all = await Promise.all(numbers(20).map(n => stretch({ fromRevision: BigInt(n), maxCount: 700 })))
      for (const [n, each] of all.entries()) expect(each).toEqual(numbers(700, n))
    })

    it('can be broken off', async () => {
      const reading = store.client().readStream(stream)
      for await (const { event: e } of reading) if (e!.revision === 3n) break
      expect(await stretch({ maxCount: 2 })).toEqual([0, 1])
    })

    it('tells each event its stream, revision and position', async () => {
      const [last] = await store.read(stream, { ...BACKWARDS, fromRevision: END, maxCount: 1 })
      const [again] = of([stream], await store.readAll({ fromPosition: last!.event!.position!, maxCount: 1 }))
      expect(last!.event).toEqual(again)
      expect(last!.event).toMatchObject({ streamId: stream, revision: 1199n })
      expect(last!.link).toBeUndefined()
      expect(last!.commitPosition).toBe(last!.event!.position!.commit)
    })
  })

  it('a reader sees what was acknowledged just before', async () => {
    const stream = fresh()
    for (const n of numbers(30)) {
      await store.append(stream, event(n))
      expect(await store.read(stream)).toHaveLength(n + 1)
    }
  })

  it('a reader gets large events whole, many of them, both ways', async () => {
    const stream = fresh()
    const large = (n: number) => binaryEvent({ type: 'Large', data: new Uint8Array(300_000).fill(n) })
    for (const n of numbers(4)) await store.append(stream, [large(3 * n), large(3 * n + 1), large(3 * n + 2)])
    for (const options of [{}, { ...BACKWARDS, fromRevision: END }]) {
      const found = await store.read(stream, options)
      expect(found.map(({ event: e }) => (e!.data as Uint8Array).length)).toEqual(Array(12).fill(300_000))
      expect(found.map(({ event: e }) => (e!.data as Uint8Array)[299_999])).toEqual(revisionsOf(found))
    }
  })

  it.each(['forwards', 'backwards'] as const)('a reader %s is told of a stream that is not there', async direction => {
    const missing = fresh()
    const fromRevision = direction === 'forwards' ? START : END
    const error = await refusal(store.read(missing, { direction, fromRevision, maxCount: 1 }))
    expect(error).toBeInstanceOf(StreamNotFoundError)
    expect(error).toMatchObject({ streamName: missing, type: 'stream-not-found' })
  })

  it('a reader of a stream is not shown another whose name begins the same', async () => {
    const stream = fresh()
    await store.append(stream, events(2))
    await store.append(`${stream}-more`, events(3))
    expect(await store.read(stream)).toHaveLength(2)
  })
}
