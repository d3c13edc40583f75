// Appending again what may have been stored already. At an exact revision a repeat is told for certain, by what the stream
// holds there; where nothing is expected, as long as the store remembers the ids.
import { StreamNotFoundError, WrongExpectedVersionError } from '@eventstore/db-client'
import type { EventData } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { refusal } from './reading.ts'
import { event, events, fresh, idsOf, ways } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeIdempotency = (store: Store): void => {
  const ids = (...some: EventData[]): string[] => some.map(({ id }) => id)

  describe.each(ways)('by %s an append that is sent again', (_, way) => {
    const append = (
      stream: string,
      what: EventData[],
      expectedRevision: 'any' | 'no_stream' | 'stream_exists' | bigint,
    ) => store.append(stream, what, { ...way, expectedRevision })

    it('is answered as it was at first, and stores nothing', async () => {
      const [stream, batch] = [fresh(), events(3)]
      const first = await append(stream, batch, 'no_stream')
      expect(await append(stream, batch, 'no_stream')).toEqual(first)
      const second = await append(stream, events(2), 2n)
      expect(second.nextExpectedRevision).toBe(4n)
      expect(await store.read(stream)).toHaveLength(5)
    })

    it('is known at a revision within the stream too', async () => {
      const [stream, batch] = [fresh(), events(2)]
      await append(stream, events(2), 'no_stream')
      const first = await append(stream, batch, 1n)
      expect(await append(stream, batch, 1n)).toEqual(first)
      expect(await store.read(stream)).toHaveLength(4)
    })

    it('is known after others have appended', async () => {
      const [stream, batch] = [fresh(), events(3)]
      const first = await append(stream, batch, 'no_stream')
      for (let n = 0; n < 50; n++) await append(stream, events(2), BigInt(2 + 2 * n))
      expect(await append(stream, batch, 'no_stream')).toEqual(first)
      expect(await store.read(stream)).toHaveLength(103)
    })

    it('is known in part: its first events, some in the middle, its last', async () => {
      const [stream, batch] = [fresh(), events(4)]
      const whole = await append(stream, batch, 'no_stream')
      expect((await append(stream, batch.slice(0, 1), 'no_stream')).nextExpectedRevision).toBe(0n)
      expect((await append(stream, batch.slice(1, 3), 0n)).nextExpectedRevision).toBe(2n)
      expect(await append(stream, batch.slice(2), 1n)).toEqual(whole)
      expect(await store.read(stream)).toHaveLength(4)
    })

    it.each<[string, (batch: EventData[]) => EventData[]]>([
      ['goes on with something new', batch => [...batch, event(9)]],
      ['comes in another order', ([a, b, c]) => [a!, c!, b!]],
      ['differs in one event', ([a, , c]) => [a!, event(9), c!]],
      ['begins otherwise', ([, b, c]) => [event(9), b!, c!]],
    ])('is refused where it %s', async (_what, altered) => {
      const [stream, batch] = [fresh(), events(3)]
      await append(stream, batch, 'no_stream')
      const error = await refusal(append(stream, altered(batch), 'no_stream'))
      expect(error).toBeInstanceOf(WrongExpectedVersionError)
      expect(error).toMatchObject({ streamName: stream, expectedVersion: 'no_stream', actualVersion: 2n })
      expect(idsOf(await store.read(stream))).toEqual(ids(...batch))
    })

    it('is refused at another revision', async () => {
      const [stream, batch] = [fresh(), events(3)]
      await append(stream, batch, 'no_stream')
      for (const elsewhere of [0n, 1n])
        expect(await refusal(append(stream, batch, elsewhere))).toBeInstanceOf(WrongExpectedVersionError)
    })

    it('is new where the writer expects to be at the end: the revision says so', async () => {
      const [stream, batch] = [fresh(), events(2)]
      await append(stream, batch, 'no_stream')
      expect((await append(stream, batch, 1n)).nextExpectedRevision).toBe(3n)
      expect(idsOf(await store.read(stream))).toEqual([...ids(...batch), ...ids(...batch)])
    })

    it('is known by its ids alone, whatever else it holds now', async () => {
      const [stream, first] = [fresh(), event(1)]
      await append(stream, [first], 'no_stream')
      expect((await append(stream, [{ ...event(2, 'Other'), id: first.id }], 'no_stream')).success).toBe(true)
      expect((await store.read(stream)).map(({ event: e }) => [e!.type, e!.data])).toEqual([['Said', { n: 1 }]])
    })

    it('is known though readers no longer see what it stored', async () => {
      const [stream, batch] = [fresh(), events(2)]
      await append(stream, batch, 'no_stream')
      await append(stream, events(3), 1n)
      await store.client().setStreamMetadata(stream, { truncateBefore: 4 })
      expect((await append(stream, batch, 'no_stream')).nextExpectedRevision).toBe(1n)
      expect(await store.read(stream)).toHaveLength(1)
    })

    it.each(['no_stream', 'any'] as const)('at %s does not bring a deleted stream back', async expected => {
      const [stream, batch] = [fresh(), events(2)]
      await append(stream, batch, expected)
      await store.client().deleteStream(stream)
      expect((await append(stream, batch, expected)).nextExpectedRevision).toBe(1n)
      expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
    })

    it('to a deleted stream, with something new behind it, is refused', async () => {
      const [stream, batch] = [fresh(), events(2)]
      await append(stream, batch, 'no_stream')
      await store.client().deleteStream(stream)
      const error = await refusal(append(stream, [batch[0]!, event(9)], 'no_stream'))
      expect(error).toMatchObject({ streamName: stream, expectedVersion: 'no_stream', actualVersion: 1n })
    })

    it('into another stream is a new one: ids count within a stream', async () => {
      const [a, b, batch] = [fresh(), fresh(), events(2)]
      for (const expected of ['no_stream', 1n] as const)
        for (const stream of [a, b]) await append(stream, expected === 1n ? events(1) : batch, expected)
      expect(idsOf(await store.read(b)).slice(0, 2)).toEqual(ids(...batch))
      expect(await store.read(b)).toHaveLength(3)
      expect((await append(b, batch, 'no_stream')).nextExpectedRevision).toBe(1n)
    })

    describe.each(['any', 'stream_exists'] as const)('expecting %s', expected => {
      const started = async (): Promise<[string, EventData[]]> => {
        const [stream, batch] = [fresh(), events(3)]
        await append(stream, [event(9)], 'no_stream')
        await append(stream, batch, expected)
        return [stream, batch]
      }

      it('is stored once, and answered the same', async () => {
        const [stream, batch] = await started()
        const again = await append(stream, batch, expected)
        expect(again.nextExpectedRevision).toBe(3n)
        const found = await store.read(stream)
        expect(found).toHaveLength(4)
        expect(again.position).toEqual(found[3]!.event!.position)
      })

      it('is known in part, in any order, and after others', async () => {
        const [stream, [a, b, c]] = await started()
        await append(stream, events(2), expected)
        expect((await append(stream, [b!], expected)).nextExpectedRevision).toBe(2n)
        expect((await append(stream, [c!, a!], expected)).nextExpectedRevision).toBe(1n)
        expect(await store.read(stream)).toHaveLength(6)
      })

      it('is new in another stream', async () => {
        const [, batch] = await started()
        const other = fresh()
        await append(other, [event(9)], 'no_stream')
        expect((await append(other, batch, expected)).nextExpectedRevision).toBe(3n)
        expect(idsOf(await store.read(other)).slice(1)).toEqual(ids(...batch))
      })

      it('is refused where it goes on with something new', async () => {
        const [stream, batch] = await started()
        const error = await refusal(append(stream, [...batch, event(9)], expected))
        expect(error).toMatchObject({ streamName: stream, expectedVersion: expected, actualVersion: 3n })
        expect(await store.read(stream)).toHaveLength(4)
      })

      it('is new where its first event is: then all of it is stored', async () => {
        const [stream, [a]] = await started()
        expect((await append(stream, [event(9), a!], expected)).nextExpectedRevision).toBe(5n)
      })
    })
  })
}
