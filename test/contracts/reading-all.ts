// Reading $all: everybody's events in one order. A real server holds others', so each test looks for its own.
import { END, START } from '@eventstore/db-client'
import type { Position } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { event, events, fresh, numbers, of, positionOf } from './store.ts'
import type { Store } from './store.ts'

const BACKWARDS = { direction: 'backwards' } as const

export const behavesLikeReadingAll = (store: Store): void => {
  describe('reading $all', () => {
    /** Three streams written in turns; the positions are those of the appends, one event each. */
    const written = async () => {
      const streams = [fresh(), fresh(), fresh()]
      const positions: Position[] = []
      for (const n of numbers(12)) positions.push(positionOf(await store.append(streams[n % 3]!, event(n))))
      return { streams, positions }
    }
    const dataOf = (found: { data: unknown }[]) => found.map(({ data }) => (data as { n: number }).n)

    it('shows events in the order they were appended, whatever their streams', async () => {
      const { streams, positions } = await written()
      const found = of(streams, await store.readAll({ fromPosition: positions[0]! }))
      expect(dataOf(found)).toEqual(numbers(12))
      expect(found.map(({ position }) => position)).toEqual(positions)
    })

    it('begins with the event at the position it is given', async () => {
      const { streams, positions } = await written()
      const [first, second] = await store.readAll({ fromPosition: positions[5]!, maxCount: 2 })
      expect([first!.event!.position, first!.commitPosition]).toEqual([positions[5], positions[5]!.commit])
      expect(second!.event!.position!.commit > positions[5]!.commit).toBe(true)
      expect(dataOf(of(streams, await store.readAll({ fromPosition: positions[9]! })))).toEqual([9, 10, 11])
    })

    it('shows, backwards from a position, what comes before it', async () => {
      const { streams, positions } = await written()
      const found = await store.readAll({ ...BACKWARDS, fromPosition: positions[5]!, maxCount: 50 })
      expect(dataOf(of(streams, found))).toEqual([4, 3, 2, 1, 0])
    })

    it('goes backwards from the end', async () => {
      const { streams } = await written()
      const found = await store.readAll({ ...BACKWARDS, fromPosition: END, maxCount: 100 })
      expect(dataOf(of(streams, found))).toEqual(numbers(12).reverse())
    })

    it('is the same both ways', async () => {
      const { positions } = await written()
      const last = positions.at(-1)!
      const down = await store.readAll({ ...BACKWARDS, fromPosition: last, maxCount: 60 })
      const from = down.at(-1)!.event!.position!
      const up = await store.readAll({ fromPosition: from, maxCount: down.length })
      expect(up.map(({ event: e }) => e)).toEqual(down.map(({ event: e }) => e).reverse())
    })

    it('stops at the count', async () => {
      const { positions } = await written()
      for (const maxCount of [1, 5, 12]) {
        expect(await store.readAll({ fromPosition: positions[0]!, maxCount })).toHaveLength(maxCount)
        expect(await store.readAll({ ...BACKWARDS, fromPosition: END, maxCount })).toHaveLength(maxCount)
      }
    })

    it('stops at the count over pages', async () => {
      const stream = fresh()
      const before = await store.append(stream, event(0))
      await store.append(stream, events(400))
      await store.append(stream, events(400))
      for (const maxCount of [511, 512, 513, 700]) {
        expect(await store.readAll({ fromPosition: positionOf(before), maxCount })).toHaveLength(maxCount)
        const down = await store.readAll({ ...BACKWARDS, fromPosition: END, maxCount })
        expect(new Set(down.map(({ event: e }) => e!.position!.commit)).size).toBe(maxCount)
      }
    })

    it('begins at the start with what is first in the log', async () => {
      const [first, second] = await store.readAll({ fromPosition: START, maxCount: 2 })
      const before = await store.readAll({ ...BACKWARDS, fromPosition: second!.event!.position!, maxCount: 10 })
      expect(before.at(-1)!.event).toEqual(first!.event)
    })

    it('finds nothing before the start, and nothing after the end', async () => {
      await written()
      expect(await store.readAll({ ...BACKWARDS, fromPosition: START, maxCount: 5 })).toEqual([])
      expect(await store.readAll({ fromPosition: END, maxCount: 5 })).toEqual([])
    })

    it('shows what the store itself writes: metadata, deletions, tombstones, and links unresolved', async () => {
      const { streams } = await written()
      const [a, b, c] = streams as [string, string, string]
      const links = fresh()
      const { position } = await store.append(a, event(12))
      await store.client().setStreamMetadata(a, { maxCount: 100 })
      await store.client().deleteStream(b)
      await store.append(links, { ...event(0, '$>'), contentType: 'application/octet-stream', data: bytes(`0@${a}`) })
      await store.client().tombstoneStream(c)
      const found = of([...streams, `$$${a}`, `$$${b}`, links], await store.readAll({ fromPosition: position! }))
      expect(found.map(e => [e.streamId, e.type, e.revision, e.isJson])).toEqual([
        [a, 'Said', 4n, true],
        [`$$${a}`, '$metadata', 0n, true],
        [`$$${b}`, '$metadata', 0n, true],
        [links, '$>', 0n, false],
        [c, '$streamDeleted', 2n ** 63n - 1n, false],
      ])
    })

    it('shows what readers of the streams no longer see', async () => {
      const { streams, positions } = await written()
      const [a, b, c] = streams as [string, string, string]
      await store.client().setStreamMetadata(a, { truncateBefore: 3 })
      await store.client().deleteStream(b)
      await store.client().tombstoneStream(c)
      const found = of(streams, await store.readAll({ fromPosition: positions[0]! }))
      expect(dataOf(found.slice(0, 12))).toEqual(numbers(12))
    })

    it('gives every event of many writers once, at positions that rise', async () => {
      const streams = numbers(10).map(() => fresh())
      const { position } = await store.append(fresh(), event(0))
      await Promise.all(streams.flatMap(stream => numbers(10).map(() => store.append(stream, events(3)))))
      const all = await store.readAll({ fromPosition: position! })
      const positions = all.map(({ event: e }) => e!.position!.commit)
      expect(positions).toEqual([...new Set(positions)].sort((x, y) => (x < y ? -1 : 1)))
      for (const stream of streams)
        expect(of([stream], all).map(({ revision }) => Number(revision))).toEqual(numbers(30))
    })
  })
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
