// Many at once: writers that compete, writers that do not, and readers meanwhile.
import { StreamNotFoundError, WrongExpectedVersionError } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { dataOf, event, events, fresh, numbers, revisionsOf, ways } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeConcurrency = (store: Store): void => {
  describe('many at once', () => {
    it('who would create a stream: one of them does', async () => {
      const stream = fresh()
      const tries = numbers(40).map(n =>
        store.append(stream, event(n), { ...ways[n % 2]![1], expectedRevision: 'no_stream' }),
      )
      const results = await Promise.allSettled(tries)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(WrongExpectedVersionError)
      expect(await store.read(stream)).toHaveLength(1)
    })

    it('who count up together, each at the revision it has read, lose no count', async () => {
      const stream = fresh()
      await store.append(stream, event(0))
      const increment = async (): Promise<void> => {
        for (;;) {
          const [last] = await store.read(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 })
          const { data, revision } = last!.event!
          const next = event((data as { n: number }).n + 1)
          const done = await store.append(stream, next, { expectedRevision: revision }).catch(() => undefined)
          if (done) return
        }
      }
      await Promise.all(numbers(12).map(increment))
      expect(dataOf(await store.read(stream))).toEqual(numbers(13))
    })

    it('keep their appends whole, by either call', async () => {
      const stream = fresh()
      await Promise.all(numbers(40).map(n => store.append(stream, [event(n), event(n), event(n)], ways[n % 2]![1])))
      const found = dataOf(await store.read(stream))
      expect(found).toHaveLength(120)
      for (const i of numbers(40)) expect(new Set(found.slice(3 * i, 3 * i + 3)).size).toBe(1)
    })

    it('are each told where their own events are', async () => {
      const stream = fresh()
      const answers = await Promise.all(numbers(60).map(n => store.append(stream, event(n))))
      const found = await store.read(stream)
      for (const [n, { nextExpectedRevision, position }] of answers.entries()) {
        const own = found[Number(nextExpectedRevision)]!.event!
        expect([(own.data as { n: number }).n, own.position]).toEqual([n, position])
      }
    })

    it('write to hundreds of streams, each of which is whole', async () => {
      const streams = numbers(300).map(() => fresh())
      for (const round of numbers(3))
        await Promise.all(
          streams.map(stream =>
            store.append(stream, events(2), {
              expectedRevision: round === 0 ? 'no_stream' : BigInt(2 * round - 1),
            }),
          ),
        )
      const found = await Promise.all(streams.map(stream => store.read(stream)))
      for (const each of found) expect(revisionsOf(each)).toEqual(numbers(6))
    })

    it('read a stream without gaps while it is written', async () => {
      const stream = fresh()
      await store.append(stream, event(0))
      let writing = true
      const write = async () => {
        for (let n = 0; n < 30; n++) await store.append(stream, events(5))
        writing = false
      }
      const readAgain = async () => {
        let longest = 0
        while (writing) {
          const revisions = revisionsOf(await store.read(stream))
          expect(revisions).toEqual(numbers(revisions.length))
          expect(revisions.length).toBeGreaterThanOrEqual(longest)
          expect(revisions.length % 5).toBe(1) // an append is seen whole or not at all
          longest = revisions.length
        }
      }
      await Promise.all([write(), readAgain(), readAgain()])
    })

    it('delete a stream and write to it: revisions go on, and what is left is one or the other', async () => {
      const stream = fresh()
      await store.append(stream, event(0))
      const answers = await Promise.all(
        numbers(20).map(async n => {
          if (n % 4 === 3) return void (await store.client().deleteStream(stream))
          return (await store.append(stream, event(n))).nextExpectedRevision
        }),
      )
      const revisions = answers.filter(answer => answer !== undefined).map(Number)
      expect(revisions.sort((a, b) => a - b)).toEqual(numbers(15, 1))
      const found = await store.read(stream).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StreamNotFoundError)
        return []
      })
      const shown = revisionsOf(found)
      expect(shown).toEqual(numbers(shown.length, 16 - shown.length))
    })
  })
}
