// Subscribing to one stream: what is there, then what comes, each event once and in order.
import { END, START } from '@eventstore/db-client'
import type { SubscribeToStreamOptions } from '@eventstore/db-client'
import { describe, expect, it } from 'vitest'
import { comes, follow } from './reading.ts'
import { dataOf, event, events, fresh, numbers, revisionsOf } from './store.ts'
import type { Store } from './store.ts'

export const behavesLikeSubscribingToAStream = (store: Store): void => {
  const subscribe = (stream: string, options?: SubscribeToStreamOptions) =>
    follow(store.client().subscribeToStream(stream, options))
  const streamOf = async (count: number): Promise<string> => {
    const stream = fresh()
    await store.append(stream, events(count))
    return stream
  }

  describe('subscribing to a stream', () => {
    it('gives what is there, says that it is live, and gives what comes', async () => {
      const stream = await streamOf(600)
      const subscription = subscribe(stream)
      await subscription.caughtUp
      await store.append(stream, [event(600), event(601)])
      await store.append(stream, event(602))
      expect(dataOf(await subscription.until(603))).toEqual(numbers(603))
    })

    it('begins with a confirmation, which has an id', async () => {
      const subscription = store.client().subscribeToStream(await streamOf(3))
      const order: string[] = []
      for (const name of ['confirmation', 'caughtUp', 'data'] as const)
        subscription.on(name as 'data', () => order.push(name))
      await follow(subscription).until(3)
      expect(order[0]).toBe('confirmation')
      expect(order.filter(name => name !== 'caughtUp')).toEqual(['confirmation', 'data', 'data', 'data'])
      expect(subscription.id).toMatch(/^[0-9a-f-]{36}$/)
    })

    it('begins after the revision it is given', async () => {
      const stream = await streamOf(4)
      const after = [0n, 1n, 2n].map(fromRevision => subscribe(stream, { fromRevision }))
      const start = subscribe(stream, { fromRevision: START })
      await store.append(stream, event(4))
      for (const [n, each] of after.entries()) expect(dataOf(await each.until(4 - n))).toEqual(numbers(4 - n, n + 1))
      expect(dataOf(await start.until(5))).toEqual(numbers(5))
    })

    it('begins after the last revision with what is new', async () => {
      const stream = await streamOf(4)
      const subscription = subscribe(stream, { fromRevision: 3n })
      await subscription.caughtUp
      await store.append(stream, event(4))
      expect(revisionsOf(await subscription.until(1))).toEqual([4])
    })

    it('begins at the end with what is written from now on', async () => {
      const stream = await streamOf(4)
      const subscription = subscribe(stream, { fromRevision: END })
      await subscription.caughtUp
      await store.append(stream, event(4))
      expect(dataOf(await subscription.until(1))).toEqual([4])
    })

    it('after a revision yet to come skips what comes before it', async () => {
      const stream = await streamOf(3)
      const subscription = subscribe(stream, { fromRevision: 5n })
      await subscription.caughtUp
      await store.append(stream, [event(3), event(4), event(5)])
      await store.append(stream, [event(6), event(7)])
      expect(revisionsOf(await subscription.until(2))).toEqual([6, 7])
    })

    it('waits for a stream that is yet to be', async () => {
      const stream = fresh()
      const subscription = store.client().subscribeToStream(stream)
      const { until } = follow(subscription)
      await comes(subscription, 'confirmation')
      await store.append(stream, events(2))
      await store.append(stream, event(2))
      expect(dataOf(await until(3))).toEqual([0, 1, 2])
    })

    it('says of a stream that is yet to be only then that it is live', async () => {
      const stream = fresh()
      const subscription = subscribe(stream)
      const order: string[] = []
      const waiting = subscription.caughtUp.then(() => order.push('caught up'))
      await store.append(stream, event(0)).then(() => order.push('written'))
      await waiting
      expect(order).toEqual(['written', 'caught up'])
    })

    it('at the end of a stream that is yet to be is live at once', async () => {
      const stream = fresh()
      const subscription = subscribe(stream, { fromRevision: END })
      await subscription.caughtUp
      await store.append(stream, events(2))
      expect(dataOf(await subscription.until(2))).toEqual([0, 1])
    })

    it('gives nothing of other streams', async () => {
      const stream = await streamOf(1)
      const subscription = subscribe(stream)
      await subscription.caughtUp
      for (const other of [`${stream}-more`, fresh(), `$$${stream}`]) await store.append(other, event(9))
      await store.append(stream, event(1))
      expect(dataOf(await subscription.until(2))).toEqual([0, 1])
    })

    it('gives the same to all its subscribers, whenever they began', async () => {
      const stream = await streamOf(2)
      const subscriptions = [subscribe(stream)]
      for (const n of [2, 3, 4]) {
        await store.append(stream, event(n))
        subscriptions.push(subscribe(stream))
      }
      const all = await Promise.all(subscriptions.map(each => each.until(5)))
      for (const each of all) expect(each).toEqual(await store.read(stream))
    })

    it('misses nothing and repeats nothing while it catches up with a writer', async () => {
      const stream = await streamOf(300)
      const writing = (async () => {
        for (let round = 0; round < 20; round++)
          await Promise.all(numbers(5).map(() => store.append(stream, events(10))))
      })()
      const subscriptions = numbers(3).map(n => subscribe(stream, n === 0 ? {} : { fromRevision: BigInt(100 * n - 1) }))
      const found = await Promise.all(subscriptions.map((each, n) => each.until(1300 - 100 * n)))
      await writing
      for (const [n, each] of found.entries()) expect(revisionsOf(each)).toEqual(numbers(1300 - 100 * n, 100 * n))
    })

    it('that is ended gives nothing more', async () => {
      const stream = await streamOf(1)
      const ended = store.client().subscribeToStream(stream)
      const { found, caughtUp } = follow(ended)
      await caughtUp
      await ended.unsubscribe()
      const other = subscribe(stream)
      await store.append(stream, event(1))
      await other.until(2)
      expect(dataOf(found)).toEqual([0])
    })

    it('gives an event just as a read does', async () => {
      const stream = await streamOf(2)
      const live = subscribe(stream, { fromRevision: END })
      await live.caughtUp
      await store.append(stream, events(2))
      const read = await store.read(stream)
      expect(await live.until(2)).toEqual(read.slice(2))
      expect(await subscribe(stream).until(4)).toEqual(read)
    })
  })

  describe('subscribing to a stream of which part is hidden', () => {
    it('begins with what is shown', async () => {
      const stream = await streamOf(6)
      await store.client().setStreamMetadata(stream, { truncateBefore: 4 })
      expect(revisionsOf(await subscribe(stream).until(2))).toEqual([4, 5])
      expect(revisionsOf(await subscribe(stream, { fromRevision: 1n }).until(2))).toEqual([4, 5])
      await store.client().setStreamMetadata(stream, { maxCount: 1 })
      expect(revisionsOf(await subscribe(stream).until(1))).toEqual([5])
    })

    it('that has nothing to show is live, and gives what comes', async () => {
      const stream = await streamOf(3)
      await store.client().setStreamMetadata(stream, { truncateBefore: 3 })
      const subscription = subscribe(stream)
      await subscription.caughtUp
      await store.append(stream, event(3))
      expect(revisionsOf(await subscription.until(1))).toEqual([3])
    })

    it('goes on over its deletion, with what is written afterwards', async () => {
      const stream = await streamOf(2)
      const subscription = subscribe(stream)
      await subscription.caughtUp
      await store.client().deleteStream(stream)
      await store.append(stream, events(2))
      expect(revisionsOf(await subscription.until(4))).toEqual([0, 1, 2, 3])
    })

    it('waits for a deleted one to be written again', async () => {
      const stream = await streamOf(2)
      await store.client().deleteStream(stream)
      const subscription = store.client().subscribeToStream(stream)
      const { until } = follow(subscription)
      await comes(subscription, 'confirmation')
      await store.append(stream, events(2))
      expect(revisionsOf(await until(2))).toEqual([2, 3])
    })

    it('gives the metadata of a stream, what is set last and what is set then', async () => {
      const stream = await streamOf(1)
      for (const maxCount of [1, 2]) await store.client().setStreamMetadata(stream, { maxCount })
      const subscription = subscribe(`$$${stream}`)
      await subscription.caughtUp
      await store.client().setStreamMetadata(stream, { maxCount: 3 })
      const found = await subscription.until(2)
      expect(found.map(({ event: e }) => [e!.revision, e!.data])).toEqual([
        [1n, { $maxCount: 2 }],
        [2n, { $maxCount: 3 }],
      ])
    })
  })
}
