// The feed over a real store, when nobody takes away what it keeps.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEventStore, type EventStore as Node } from '../../src/embedded/index.ts'
import { connectEventStore, startFeed, type EventStore, type NewEvent } from '../../src/eventstore/index.ts'

const at = '2026-01-02T03:04:05.678Z'
const metadata = {
  actor: { user: 'alice', device: 'phone', session: null },
  ...({ origin: 'user', at, correlationId: 'c', causationId: 'c' } as const),
}
const contentSize = 10_000
const message = (): NewEvent => {
  const content = { key: crypto.randomUUID(), box: 'x'.repeat(contentSize) }
  return { id: crypto.randomUUID(), type: 'MessageSent', data: { from: 'alice', at, content }, metadata }
}
const fault = (error: Error) => {
  throw error
}
const count = 6_000
/** Events in a batch at most: the one that fills it may go beyond. */
const batch = 500

let node: Node
let store: EventStore
beforeAll(async () => {
  node = await startEventStore({ inMemory: true })
  store = connectEventStore(node.url)
  for (let n = 0; n < count; n += 100) await store.append('conversation-a', Array.from({ length: 100 }, message), 'any')
})
afterAll(async () => {
  await store.close()
  await node.close()
})

it.each([
  ['events', { events: 1_000, characters: Infinity }, 1_000],
  ['contents', { events: Infinity, characters: 1_000 * contentSize }, 1_000],
])('[E7] waits where what it keeps is as much as it may be, by its %s, and then brings all', async (_, room, most) => {
  const feed = startFeed(store, undefined, { onSetAside: fault, onLost: fault }, room)
  const brought: number[] = []
  let full: () => void
  feed.batches.subscribe(({ events }) => {
    for (const { revision } of events) brought.push(revision)
    if (feed.since(-1).length > most) full()
  })
  for (;;) {
    await Promise.race([new Promise<void>(resolve => (full = resolve)), feed.live])
    expect(feed.since(-1).length).toBeLessThanOrEqual(most + batch)
    if (brought.length === count) break
    feed.release(feed.head())
    expect(feed.since(-1)).toEqual([])
  }
  expect(brought).toEqual(Array.from({ length: count }, (_, n) => n))
  feed.stop()
})
