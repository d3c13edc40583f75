// The adapter to EventStoreDB (and KurrentDB, and the embedded store: one protocol).
import { append } from './eventstoredb/append.ts'
import { openAppends } from './eventstoredb/appends.ts'
import { openConnections } from './eventstoredb/connection.ts'
import { failure } from './eventstoredb/failure.ts'
import { officialClient } from './eventstoredb/official.ts'
import { countAfter, holds, page } from './eventstoredb/read.ts'
import { subscribe, type Subscription } from './eventstoredb/subscribe.ts'
import type { AppendMeter, EventStore } from './port.ts'
import { isFed } from './streams.ts'

const pageSize = 500
/** Who reads back looks for something that was lately. */
const pageBack = 50

const unmeasured: AppendMeter = { began: () => 0, ended: () => undefined, durable: () => undefined }

/** Connects to `esdb://…`. The connection is made with the first request. Throws for a connection string that is none. */
export function connectEventStore(url: string, meter: AppendMeter = unmeasured): EventStore {
  const official = officialClient(url)
  const connections = openConnections(official)
  const subscriptions = new Set<Subscription>()
  const appends = openAppends(official, connections, () => {
    for (const { flush } of subscriptions) flush()
  })

  const asked = <T>(doing: string, answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => Promise.reject(failure(doing, error)))
  const read = (stream: string, from: number) =>
    asked(`reading ${stream}`, page(connections, stream, from, false, pageSize))
  const readBack = (stream: string, from: number | null, limit: number) =>
    asked(`reading ${stream}`, page(connections, stream, from, true, limit))

  return {
    append: async (stream, events, expected) => {
      const began = meter.began()
      try {
        const appended = await append(appends, stream, events, expected)
        if (isFed(stream)) meter.durable(appended.position) // nobody can wait for the others to come back
        return appended
      } finally {
        meter.ended(began)
      }
    },

    read: async function* (stream, from = 0) {
      for (let next = from; ;) {
        const events = await read(stream, next)
        if (events.length > 0) yield events
        if (events.length < pageSize) return
        next = events.at(-1)!.revision + 1
      }
    },

    back: async function* (stream) {
      for (let from: number | null = null; ;) {
        const events = await readBack(stream, from, pageBack)
        if (events.length > 0) yield events
        const first = events.at(-1)?.revision ?? 0
        if (events.length < pageBack || first === 0) return
        from = first - 1
      }
    },

    holds: position => asked(`reading position ${position}`, holds(official.client, position)),
    countAfter: (prefixes, position) =>
      asked('reading the end of the log', countAfter(official.client, prefixes, position)),
    last: async stream => (await readBack(stream, null, 1))[0],

    subscribe: (prefixes, after, reader) => {
      const subscription = subscribe(connections, prefixes, after, reader)
      subscriptions.add(subscription)
      return () => {
        subscriptions.delete(subscription)
        subscription.stop()
      }
    },

    close: () => {
      for (const { stop } of subscriptions) stop()
      appends.close()
      connections.close()
      official.close()
      return Promise.resolve()
    },
  }
}
