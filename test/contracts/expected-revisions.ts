// Appending: what the writer expects of the stream against what the stream is.
import { EventStoreDBClient, StreamNotFoundError } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { becomes, refusal } from './reading.ts'
import { at, expectRefusal, inWords, streamIn } from './states.ts'
import type { Expected, Ruling, State } from './states.ts'
import { event, revisionsOf, ways } from './store.ts'
import type { Store } from './store.ts'

const RULES: [State, Expected, Ruling][] = [
  ['that never was', 'any', 'allowed'],
  ['that never was', 'no_stream', 'allowed'],
  ['that never was', 'stream_exists', at('no_stream')],
  ['that never was', 0n, at('no_stream')],
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
  ['that was deleted', 3n, at(2n)],
  ['that was closed for good', 'any', 'deleted'],
  ['that was closed for good', 'no_stream', 'deleted'],
  ['that was closed for good', 'stream_exists', 'deleted'],
  ['that was closed for good', 2n, 'deleted'],
  ['with metadata alone', 'any', 'allowed'],
  ['with metadata alone', 'no_stream', 'allowed'],
  ['with metadata alone', 'stream_exists', 'allowed'],
  ['with metadata alone', 0n, at('no_stream')],
]

/** What readers see of a stream after one more event: of a deleted one only that. */
const SHOWN: Record<string, number[]> = {
  'that never was': [0],
  'with three events': [0, 1, 2, 3],
  'that was deleted': [3],
  'with metadata alone': [0],
}

export const behavesLikeExpectedRevisions = (store: Store): void => {
  describe.each(ways)('an append by %s', (_, way) => {
    for (const [state, expectedRevision, ruling] of RULES)
      it(`that expects ${String(expectedRevision)} of a stream ${state} is ${inWords(ruling)}`, async () => {
        const stream = await streamIn(state, store)
        const appending = store.append(stream, event(9), { ...way, expectedRevision })
        if (ruling !== 'allowed')
          return expectRefusal(await refusal(appending), ruling, {
            streamName: stream,
            expectedVersion: expectedRevision,
          })
        const shown = SHOWN[state]!
        expect(await appending).toMatchObject({ success: true, nextExpectedRevision: BigInt(shown.at(-1)!) })
        // a server shows a deleted stream again a moment after it has answered
        const found = await becomes(
          () => store.read(stream).catch(() => []),
          answer => answer.length === shown.length,
        )
        expect(revisionsOf(found)).toEqual(shown)
      })

    it('that is refused stores nothing of several events', async () => {
      const stream = await streamIn('with three events', store)
      await refusal(store.append(stream, [event(7), event(8), event(9)], { ...way, expectedRevision: 0n }))
      expect(revisionsOf(await store.read(stream))).toEqual([0, 1, 2])
      const next = await store.append(stream, event(3), { ...way, expectedRevision: 2n })
      expect(next.nextExpectedRevision).toBe(3n)
    })

    it('that expects what the append before it said it left is accepted, again and again', async () => {
      const stream = await streamIn('that never was', store)
      let last = await store.append(stream, event(0), { ...way, expectedRevision: 'no_stream' })
      for (let n = 1; n < 10; n++)
        last = await store.append(stream, [event(n), event(n)], {
          ...way,
          expectedRevision: last.nextExpectedRevision,
        })
      expect(last.nextExpectedRevision).toBe(18n)
    })

    it('of no events changes nothing, and is refused like any other', async () => {
      const stream = await streamIn('that never was', store)
      for (const expectedRevision of ['any', 'no_stream'] as const)
        expect(await store.append(stream, [], { ...way, expectedRevision })).toMatchObject({ success: true })
      expect(await refusal(store.read(stream))).toBeInstanceOf(StreamNotFoundError)
      await store.append(stream, event(0), { ...way, expectedRevision: 'no_stream' })
      for (const expectedRevision of ['any', 'stream_exists', 0n] as const)
        expect(await store.append(stream, [], { ...way, expectedRevision })).toMatchObject({ nextExpectedRevision: 0n })
      for (const expectedRevision of ['no_stream', 1n] as const)
        expectRefusal(await refusal(store.append(stream, [], { ...way, expectedRevision })), at(0n), {
          streamName: stream,
          expectedVersion: expectedRevision,
        })
      expect(revisionsOf(await store.read(stream))).toEqual([0])
    })
  })

  it('tells a writer who asks not to be thrown at that an append was refused', async () => {
    const joint = store.url().includes('?') ? '&' : '?'
    const lenient = EventStoreDBClient.connectionString(`${store.url()}${joint}throwOnAppendFailure=false`)
    const stream = await streamIn('with three events', store)
    // by Append: in 6.2 the client misreads the revision in BatchAppend's refusal
    const answer = await lenient.appendToStream(stream, event(9), { ...ways[1]![1], expectedRevision: 'no_stream' })
    expect(answer).toMatchObject({ success: false, nextExpectedRevision: 2n, position: undefined })
    await lenient.dispose()
  })
}
