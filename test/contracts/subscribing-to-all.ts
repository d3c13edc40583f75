// Subscribing to $all: everybody's events, those of the store itself too, in one order, and where to go on after a break.
import { END, START, streamNameFilter } from '@eventstore/db-client'
import type { Position, SubscribeToAllOptions } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { follow } from './reading.ts'
import { dataOf, event, events, fresh, numbers, of, positionOf, revisionsOf } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeSubscribingToAll = (store: Store): void => {
  const subscribe = (options: SubscribeToAllOptions) => follow(store.client().subscribeToAll(options))
  const here = async (): Promise<Position> => positionOf(await store.append(fresh(), event(0)))
  const by = (...prefixes: string[]) => ({ filter: streamNameFilter({ prefixes }) })

  describe('subscribing to $all', () => {
    it('gives what a read gives, from after the position it is given', async () => {
      const fromPosition = await here()
      const streams = [fresh(), fresh()]
      for (const n of numbers(40)) await store.append(streams[n % 2]!, events(3))
      const subscription = subscribe({ fromPosition })
      const read = (await store.readAll({ fromPosition })).slice(1)
      expect(await subscription.until(read.length)).toEqual(read)
      expect(of(streams, read)).toHaveLength(120)
    })

    it('then gives what comes, of all streams in order', async () => {
      const fromPosition = await here()
      const subscription = subscribe({ fromPosition })
      await subscription.caughtUp
      const streams = [fresh(), fresh(), fresh()]
      const positions: Position[] = []
      for (const n of numbers(9)) positions.push(positionOf(await store.append(streams[n % 3]!, event(n))))
      while (of(streams, subscription.found).length < 9) await subscription.until(subscription.found.length + 1)
      const mine = of(streams, subscription.found)
      expect(mine.map(({ position }) => position)).toEqual(positions)
    })

    it('gives what the store itself writes', async () => {
      const stream = fresh()
      const fromPosition = positionOf(await store.append(stream, event(0)))
      const subscription = subscribe({ fromPosition, filter: streamNameFilter({ regex: `${stream}$` }) })
      await subscription.caughtUp
      await store.client().setStreamMetadata(stream, { maxCount: 10 })
      await store.client().deleteStream(stream)
      await store.append(stream, event(1))
      await store.client().tombstoneStream(stream)
      expect((await subscription.until(5)).map(({ event: e }) => [e!.streamId, e!.type])).toEqual([
        [`$$${stream}`, '$metadata'],
        [`$$${stream}`, '$metadata'],
        [stream, 'Said'],
        [`$$${stream}`, '$metadata'],
        [stream, '$streamDeleted'],
      ])
    })

    it('is not ended by the end of a stream', async () => {
      const [closed, other] = [fresh(), fresh()]
      const subscription = subscribe({ fromPosition: await here(), ...by(closed, other) })
      await store.append(closed, event(0))
      await store.client().tombstoneStream(closed)
      await store.append(other, event(1))
      expect((await subscription.until(3)).map(({ event: e }) => e!.type)).toEqual(['Said', '$streamDeleted', 'Said'])
    })

    it('begins after the position it is given', async () => {
      const stream = fresh()
      const positions: Position[] = []
      for (const n of numbers(4)) positions.push(positionOf(await store.append(stream, event(n))))
      for (const [n, fromPosition] of positions.slice(0, 3).entries())
        expect(dataOf(await subscribe({ fromPosition, ...by(stream) }).until(3 - n))).toEqual(numbers(3 - n, n + 1))
    })

    it('begins within an append, after the event at the position it is given', async () => {
      const stream = fresh()
      await store.append(stream, events(5))
      const [, , third] = await store.read(stream)
      const subscription = subscribe({ fromPosition: third!.event!.position!, ...by(stream) })
      expect(dataOf(await subscription.until(2))).toEqual([3, 4])
    })

    it('begins after the last event with what is new', async () => {
      const stream = fresh()
      const fromPosition = positionOf(await store.append(stream, event(0)))
      const subscription = subscribe({ fromPosition, ...by(stream) })
      await subscription.caughtUp
      await store.append(stream, event(1))
      expect(dataOf(await subscription.until(1))).toEqual([1])
    })

    it('begins at the end with what is written from now on', async () => {
      const stream = fresh()
      await store.append(stream, event(0))
      const subscription = subscribe({ fromPosition: END, ...by(stream) })
      await subscription.caughtUp
      await store.append(stream, event(1))
      expect(dataOf(await subscription.until(1))).toEqual([1])
    })

    it('begins at the start with the first event there is', async () => {
      const [first] = await store.readAll({ fromPosition: START, maxCount: 1 })
      expect(await subscribe({ fromPosition: START }).until(1)).toEqual([first])
    })

    it('says that it is live after many pages, and goes on', async () => {
      const stream = fresh()
      const fromPosition = await here()
      for (const n of numbers(5))
        await store.append(
          stream,
          numbers(200, 200 * n).map(i => event(i)),
        )
      const subscription = subscribe({ fromPosition, ...by(stream) })
      await subscription.caughtUp
      await store.append(stream, event(1000))
      expect(dataOf(await subscription.until(1001))).toEqual(numbers(1001))
    })

    it('can be broken off anywhere and gone on with from the last event that came', async () => {
      const stream = fresh()
      let fromPosition = await here()
      for (const n of numbers(6)) await store.append(stream, [event(2 * n), event(2 * n + 1)])
      const found: unknown[] = []
      while (found.length < 12) {
        const part = await subscribe({ fromPosition, ...by(stream) }).until(Math.min(5, 12 - found.length))
        found.push(...dataOf(part))
        fromPosition = part.at(-1)!.event!.position!
      }
      expect(found).toEqual(numbers(12))
    })

    it('misses nothing and repeats nothing while it catches up with a writer', async () => {
      const stream = fresh()
      const fromPosition = positionOf(await store.append(stream, events(500)))
      const total = 20 * 5 * 10
      const writing = (async () => {
        for (let round = 0; round < 20; round++)
          await Promise.all(numbers(5).map(() => store.append(stream, events(10))))
      })()
      const subscriptions = [
        ...numbers(2).map(() => subscribe({ fromPosition, ...by(stream) })),
        follow(store.client().subscribeToAll({ fromPosition: START, ...by(stream) })),
      ]
      const [some, same, whole] = await Promise.all(
        subscriptions.map((each, i) => each.until(i === 2 ? 500 + total : total)),
      )
      await writing
      for (const each of [some!, same!]) expect(revisionsOf(each)).toEqual(numbers(total, 500))
      expect(revisionsOf(whole!)).toEqual(numbers(500 + total))
    })

    it('that is ended gives nothing more', async () => {
      const stream = fresh()
      const ended = store.client().subscribeToAll({ fromPosition: await here(), ...by(stream) })
      const { found, caughtUp } = follow(ended)
      await caughtUp
      await ended.unsubscribe()
      const other = subscribe({ fromPosition: await here(), ...by(stream) })
      await store.append(stream, event(1))
      await other.until(1)
      expect(found).toEqual([])
    })
  })
}
