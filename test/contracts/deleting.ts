// Deleting a stream: hidden until it is written again, and then only what was deleted stays hidden.
import { StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { becomes, refusal } from './reading.ts'
import { at, expectRefusal, inWords, streamIn } from './states.ts'
import type { Ruling, State } from './states.ts'
import { dataOf, event, events, fresh, of, positionOf, revisionsOf } from './store.ts'
import type { Store } from './store.ts'

// stream_exists is missing: the official client cannot send it here
const RULES: [State, 'any' | 'no_stream' | bigint, Ruling][] = [
  ['that never was', 'any', at(-1n)],
  ['that never was', 'no_stream', at(-1n)],
  ['that never was', 0n, at(-1n)],
  ['with three events', 'any', 'allowed'],
  ['with three events', 'no_stream', at(2n)],
  ['with three events', 2n, 'allowed'],
  ['with three events', 0n, at(2n)],
  ['with three events', 3n, at(2n)],
  ['that was deleted', 'any', 'allowed'],
  ['that was deleted', 'no_stream', 'allowed'],
  ['that was deleted', 2n, 'allowed'],
  ['that was deleted', 0n, at(2n)],
  ['that was closed for good', 'any', 'deleted'],
  ['that was closed for good', 'no_stream', 'deleted'],
  ['that was closed for good', 2n, 'deleted'],
  ['with metadata alone', 'any', 'allowed'],
  ['with metadata alone', 'no_stream', 'allowed'],
  ['with metadata alone', 0n, at(-1n)],
]

/** The client gives back what stands in the trailers: numbers, for words too. */
export const IN_TRAILERS = { any: -2n, no_stream: -1n, stream_exists: -4n }

export const behavesLikeDeleting = (store: Store): void => {
  const remove = (stream: string, expectedRevision: 'any' | 'no_stream' | bigint = 'any') =>
    store.client().deleteStream(stream, { expectedRevision })
  const get = async (stream: string) => (await store.client().getStreamMetadata(stream)).metadata
  /** What a stream shows, asked until it is so many: a server shows a stream again a moment after its answer. */
  const shown = async (stream: string, count: number) =>
    revisionsOf(
      await becomes(
        () => store.read(stream).catch(() => []),
        found => found.length === count,
      ),
    )
  const written = async (): Promise<string> => streamIn('with three events', store)
  const deleted = async (): Promise<string> => streamIn('that was deleted', store)

  describe('deleting', () => {
    for (const [state, expectedRevision, ruling] of RULES)
      it(`a stream ${state}, expecting ${String(expectedRevision)}, is ${inWords(ruling)}`, async () => {
        const stream = await streamIn(state, store)
        const removing = remove(stream, expectedRevision)
        if (ruling !== 'allowed') {
          const expectedVersion =
            typeof expectedRevision === 'bigint' ? expectedRevision : IN_TRAILERS[expectedRevision]
          return expectRefusal(await refusal(removing), ruling, { streamName: stream, expectedVersion })
        }
        await removing
        expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
      })

    it('that is refused hides nothing', async () => {
      const stream = await written()
      expect(await refusal(remove(stream, 0n))).toBeInstanceOf(WrongExpectedVersionError)
      expect(await shown(stream, 3)).toEqual([0, 1, 2])
    })

    it('is answered with the position of what it wrote', async () => {
      const stream = await written()
      const { position } = await remove(stream)
      const [marker] = await store.readAll({ fromPosition: position!, maxCount: 1 })
      expect(marker!.event).toMatchObject({ streamId: `$$${stream}`, type: '$metadata', revision: 0n })
    })

    it('leaves nothing of the metadata there was but that it is deleted', async () => {
      const stream = await written()
      await store.client().setStreamMetadata(stream, { maxCount: 100, owner: 'me' })
      await remove(stream)
      expect(await get(stream)).toEqual({ truncateBefore: Number(2n ** 63n - 1n) })
    })

    it('leaves its events in $all', async () => {
      const stream = fresh()
      const { position } = await store.append(stream, event(0))
      await store.append(stream, event(1))
      await remove(stream)
      expect(of([stream], await store.readAll({ fromPosition: position! }))).toHaveLength(2)
    })

    it('can be done again and again', async () => {
      const stream = await written()
      for (const count of [1, 2, 3]) {
        await remove(stream)
        expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
        const { nextExpectedRevision } = await store.append(stream, event(9))
        expect(nextExpectedRevision).toBe(BigInt(2 + count))
        expect(await shown(stream, 1)).toEqual([2 + count])
      }
    })

    it('of a stream that shows nothing any more hides that it is there', async () => {
      const stream = await written()
      await store.client().setStreamMetadata(stream, { truncateBefore: 3 })
      expect(await store.read(stream)).toEqual([])
      await remove(stream, 2n)
      expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
    })
  })

  describe('a deleted stream that is written again', () => {
    it.each(['any', 'no_stream', 2n] as const)('expecting %s goes on with its revisions', async expectedRevision => {
      const stream = await deleted()
      const answer = await store.append(stream, [event(7), event(8)], { expectedRevision })
      expect(answer.nextExpectedRevision).toBe(4n)
      expect(await shown(stream, 2)).toEqual([3, 4])
      expect(dataOf(await store.read(stream, { direction: 'backwards', fromRevision: 'end' }))).toEqual([8, 7])
    })

    it('is truncated before its first new event, and that is all its metadata', async () => {
      const stream = await written()
      await store.client().setStreamMetadata(stream, { maxCount: 1, owner: 'me' })
      await remove(stream)
      await store.append(stream, events(2))
      expect(await shown(stream, 2)).toEqual([3, 4])
      expect(await get(stream)).toEqual({ truncateBefore: 3 })
    })

    it('stands in $all with its event first, and then what shows it again', async () => {
      const stream = await written()
      const { position } = await remove(stream)
      await store.append(stream, event(3))
      expect(await shown(stream, 1)).toEqual([3])
      const found = of([stream, `$$${stream}`], await store.readAll({ fromPosition: position! }))
      expect(found.map(e => [e.type, e.revision])).toEqual([
        ['$metadata', 0n],
        ['Said', 3n],
        ['$metadata', 1n],
      ])
      expect(found[2]!.data).toEqual({ $tb: 3 })
    })

    it('is a stream like any other then', async () => {
      const stream = await deleted()
      await store.append(stream, event(3))
      expect(await shown(stream, 1)).toEqual([3])
      await store.append(stream, event(4), { expectedRevision: 'stream_exists' })
      expect(await refusal(store.append(stream, event(5), { expectedRevision: 'no_stream' }))).toMatchObject({
        actualVersion: 4n,
      })
      await remove(stream, 4n)
      expect(await refusal(store.append(stream, event(5), { expectedRevision: 'stream_exists' }))).toBeInstanceOf(
        StreamDeletedError,
      )
    })

    it('can have been one of metadata alone', async () => {
      const stream = await streamIn('with metadata alone', store)
      await remove(stream)
      expect((await store.append(stream, event(0))).nextExpectedRevision).toBe(0n)
      expect(await shown(stream, 1)).toEqual([0])
    })
  })

  describe('a deleted stream whose metadata is set', () => {
    it('is there again, and shows nothing of what was deleted', async () => {
      const stream = await deleted()
      await store.client().setStreamMetadata(stream, { maxCount: 100, owner: 'me' })
      const metadata = await becomes(
        () => get(stream),
        found => found?.truncateBefore === 3,
      )
      expect(metadata).toEqual({ maxCount: 100, owner: 'me', truncateBefore: 3 })
      expect(await store.read(stream)).toEqual([])
      await store.append(stream, events(2), { expectedRevision: 2n })
      expect(await shown(stream, 2)).toEqual([3, 4])
    })

    it('is answered for what was set, behind which stands what shows it again', async () => {
      const stream = await deleted()
      const answer = await store.client().setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 0n })
      expect(answer.nextExpectedRevision).toBe(1n)
      await becomes(
        () => get(stream),
        found => found?.truncateBefore === 3,
      )
      const found = of([`$$${stream}`], await store.readAll({ fromPosition: positionOf(answer) }))
      expect(found.map(({ data }) => data)).toEqual([{ $maxCount: 1 }, { $maxCount: 1, $tb: 3 }])
      await store.client().setStreamMetadata(stream, {}, { expectedRevision: 2n })
    })
  })
}
