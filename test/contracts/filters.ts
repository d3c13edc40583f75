// Filters for $all: by stream name or event type, by prefixes or a regular expression; and checkpoints, which say how far a
// subscription has looked though nothing matched.
import { eventTypeFilter, excludeSystemEvents, streamNameFilter } from '@eventstore/db-client'
import type { Filter, Position, ResolvedEvent } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { follow, received } from './reading.ts'
import { dataOf, event, events, fresh, numbers, positionOf } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeFilters = (store: Store): void => {
  const subscribe = (fromPosition: Position, filter: Filter) =>
    follow(store.client().subscribeToAll({ fromPosition, filter }))
  const here = async (): Promise<Position> => positionOf(await store.append(fresh(), event(0)))

  describe('a filter', () => {
    /** Appends to each of the streams in turn, and expects of them only what is wanted, before and after it is live. */
    const expectThrough = async (filter: Filter, streams: [name: string, type: string][], wanted: number[]) => {
      const fromPosition = await here()
      const write = async (round: number) => {
        for (const [n, [stream, type]] of streams.entries()) await store.append(stream, event(10 * round + n, type))
      }
      await write(0)
      const subscription = subscribe(fromPosition, filter)
      await subscription.caughtUp
      expect(dataOf(await subscription.until(wanted.length))).toEqual(wanted)
      await write(1)
      expect(dataOf(await subscription.until(2 * wanted.length))).toEqual([...wanted, ...wanted.map(n => 10 + n)])
    }

    it('lets through streams whose names begin so', async () => {
      const a = fresh('wanted')
      const streams = [a, `${a}-more`, fresh('other'), `x${a}`, a.slice(0, -1), a.toUpperCase()]
      await expectThrough(
        streamNameFilter({ prefixes: [a] }),
        streams.map(name => [name, 'Said']),
        [0, 1],
      )
    })

    it('lets through streams whose names begin in one of several ways', async () => {
      const [a, b, c] = [fresh(), fresh(), fresh()]
      await expectThrough(
        streamNameFilter({ prefixes: [`${a}x`, c, b, 'no-such-'] }),
        [a, b, c, `${a}x`].map(name => [name, 'Said']),
        [1, 2, 3],
      )
    })

    it('takes a prefix by the letter, whatever it would mean elsewhere', async () => {
      const a = fresh('r.*m[1]$')
      await expectThrough(
        streamNameFilter({ prefixes: [a.slice(0, 8)] }),
        [a, fresh('room1'), fresh('rooom[1]$')].map(name => [name, 'Said']),
        [0],
      )
    })

    it('lets through streams whose names match a regular expression, anywhere unless it says where', async () => {
      const a = fresh()
      const names = [a, `x${a}`, `${a}1`, `${a}x`, fresh()]
      const those = (wanted: number[], regex: string) =>
        expectThrough(
          streamNameFilter({ regex }),
          names.map(name => [name, 'Said']),
          wanted,
        )
      await those([0, 1, 2, 3], a)
      await those([0, 2, 3], `^${a}`)
      await those([0, 2], `^${a}\\d?$`)
      await those([1, 3], `(^x${a}|${a}x$)`)
    })

    it('lets through event types that begin so', async () => {
      const type = `Kind${fresh()}`
      const types = [type, `${type}A`, `x${type}`, 'Said', type.toUpperCase()]
      await expectThrough(
        eventTypeFilter({ prefixes: [type] }),
        types.map(each => [fresh(), each]),
        [0, 1],
      )
    })

    it('lets through event types that begin in one of several ways, of whatever alphabet', async () => {
      const type = fresh()
      const types = [`Größe${type}`, `発言${type}`, `Grösse${type}`, `発${type}`]
      await expectThrough(
        eventTypeFilter({ prefixes: [`Größe${type}`, `発言${type}`] }),
        types.map(each => [fresh(), each]),
        [0, 1],
      )
    })

    it('lets through event types that match a regular expression', async () => {
      const type = fresh('Kind')
      await expectThrough(
        eventTypeFilter({ regex: `^${type}(A|B)$` }),
        [`${type}A`, `${type}C`, `${type}B`, `${type}AB`].map(each => [fresh(), each]),
        [0, 2],
      )
    })

    it('on names does not look at types, nor one on types at names', async () => {
      const word = fresh()
      await expectThrough(
        streamNameFilter({ prefixes: [word] }),
        [
          [word, 'Said'],
          [fresh(), word],
        ],
        [0],
      )
      await expectThrough(
        eventTypeFilter({ prefixes: [word] }),
        [
          [`${word}2`, 'Said'],
          [fresh(), word],
        ],
        [1],
      )
    })

    it('leaves out system events where it is told to', async () => {
      const stream = fresh()
      const subscription = subscribe(await here(), excludeSystemEvents())
      await store.append(stream, event(0))
      await store.client().setStreamMetadata(stream, { maxCount: 10 })
      await store.append(stream, event(1))
      await store.client().tombstoneStream(stream)
      const last = fresh()
      await store.append(last, event(2))
      const isLast = ({ event: e }: ResolvedEvent) => e!.streamId === last
      while (!subscription.found.some(isLast)) await subscription.until(subscription.found.length + 1)
      expect(subscription.found.filter(({ event: e }) => e!.type.startsWith('$'))).toEqual([])
      const mine = subscription.found.filter(({ event: e }) => [stream, last].includes(e!.streamId))
      expect(dataOf(mine)).toEqual([0, 1, 2])
    })

    it('finds metadata and tombstones where they are asked for', async () => {
      const stream = fresh()
      const fromPosition = positionOf(await store.append(stream, event(0)))
      await store.client().setStreamMetadata(stream, { maxCount: 10 })
      await store.client().tombstoneStream(stream)
      const metadata = await subscribe(fromPosition, streamNameFilter({ prefixes: [`$$${stream}`] })).until(1)
      expect(metadata[0]!.event!.type).toBe('$metadata')
      const tombstone = await subscribe(fromPosition, eventTypeFilter({ regex: '^\\$streamDeleted$' })).until(1)
      expect(tombstone[0]!.event!.streamId).toBe(stream)
    })

    it('finds a few events among many', async () => {
      const [rare, common] = [fresh('rare'), fresh('common')]
      const fromPosition = await here()
      for (const n of numbers(6)) {
        await store.append(common, events(300))
        await store.append(rare, event(n))
      }
      const subscription = subscribe(fromPosition, streamNameFilter({ prefixes: [rare] }))
      expect(dataOf(await subscription.until(6))).toEqual(numbers(6))
    })

    it('through which nothing goes is live all the same', async () => {
      await subscribe(await here(), streamNameFilter({ prefixes: ['no-such-'] })).caughtUp
    })

    it('that is no regular expression is refused', async () => {
      const subscription = store.client().subscribeToAll({ filter: streamNameFilter({ regex: '(' }) })
      expect(await received<Error>(subscription, 'error')).toBeInstanceOf(Error)
    })
  })

  describe('checkpoints', () => {
    const watched = (
      fromPosition: Position,
      prefix: string,
      options: { maxSearchWindow?: number; checkpointInterval?: number },
    ) => {
      const given: Position[] = []
      let told = (): void => undefined
      const checkpointReached = (_: unknown, position: Position): void => {
        given.push(position)
        told()
      }
      const filter = streamNameFilter({ ...options, prefixes: [prefix], checkpointReached })
      const followed = subscribe(fromPosition, filter)
      /** The first so many, once they have come. */
      const checkpoints = async (count: number): Promise<Position[]> => {
        while (given.length < count) await new Promise<void>(resolve => (told = resolve))
        return given.slice(0, count)
      }
      return { ...followed, checkpoints }
    }

    it('say how far it has looked though nothing matches, and can be resumed from', async () => {
      const stream = fresh()
      const fromPosition = await here()
      const { checkpoints, caughtUp } = watched(fromPosition, 'no-such-', { checkpointInterval: 2 })
      await caughtUp
      await store.append(stream, events(200))
      const [first, second] = await checkpoints(2)
      expect(first!.commit > fromPosition.commit && second!.commit > first!.commit).toBe(true)
      const resumed = await subscribe(first!, streamNameFilter({ prefixes: [stream] })).until(1)
      expect(resumed[0]!.commitPosition! > first!.commit).toBe(true)
    })

    it.each([
      [10, 1],
      [10, 3],
      [32, 2],
    ])(
      'come each time a window of %d has been looked through %d times',
      async (maxSearchWindow, checkpointInterval) => {
        const { checkpoints, caughtUp } = watched(await here(), 'no-such-', { maxSearchWindow, checkpointInterval })
        await caughtUp
        await store.append(fresh(), events(5 * maxSearchWindow * checkpointInterval))
        const some = await checkpoints(5)
        for (const fromPosition of some) {
          const [found] = await store.readAll({ fromPosition, maxCount: 1 })
          expect(found!.event!.position).toEqual(fromPosition)
        }
        for (const [i, position] of some.slice(1).entries()) {
          const between = await store.readAll({ direction: 'backwards', fromPosition: position, maxCount: 200 })
          const looked = between.filter(({ event: e }) => e!.position!.commit >= some[i]!.commit)
          expect(looked).toHaveLength(maxSearchWindow * checkpointInterval)
        }
      },
    )

    it('come where everything matches too', async () => {
      const stream = fresh()
      const { checkpoints, until, caughtUp } = watched(await here(), stream, { maxSearchWindow: 10 })
      await caughtUp
      await store.append(stream, events(100))
      const positions = new Set((await until(100)).map(({ commitPosition }) => commitPosition))
      for (const { commit } of await checkpoints(8)) expect(positions).toContain(commit)
    })

    it('are never ahead of an event still to come: each is a place to go on from', async () => {
      const [rare, common] = [fresh('rare'), fresh('common')]
      const fromPosition = await here()
      for (const n of numbers(10)) {
        await store.append(common, events(25))
        await store.append(rare, event(n))
      }
      const { checkpoints, until } = watched(fromPosition, rare, { maxSearchWindow: 20 })
      const all = await until(10)
      for (const place of await checkpoints(4)) {
        const after = all.filter(({ commitPosition }) => commitPosition! > place.commit)
        const rest = subscribe(place, streamNameFilter({ prefixes: [rare] }))
        await rest.caughtUp
        expect(await rest.until(after.length)).toEqual(after)
        expect(rest.found).toHaveLength(after.length)
      }
    })
  })
}
