// The adapter to EventStoreDB: the official client in its thread, a real (embedded) store behind it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEventStore, startEventStoreProcess, type EventStore as Node } from '../../src/embedded/index.ts'
import {
  connectEventStore,
  WrongRevision,
  type EventStore,
  type NewEvent,
  type RawEvent,
} from '../../src/eventstore/index.ts'
import { epochOf } from '../../src/eventstore/index.ts'

const metadata = {
  actor: { user: 'alice', device: 'phone', session: null },
  origin: 'user',
  at: '2026-01-02T03:04:05.678Z',
  correlationId: 'c',
  causationId: 'c',
} as const
const event = (n: number): NewEvent => ({ id: crypto.randomUUID(), type: 'Counted', data: { n }, metadata })
const fault = (error: Error) => {
  throw error
}
const all = async (pages: AsyncIterable<readonly RawEvent[]>) => {
  const events: RawEvent[] = []
  for await (const page of pages) events.push(...page)
  return events
}
const numbers = (events: readonly RawEvent[]) => events.map(({ data }) => (data as { n: number }).n)

describe('the event store adapter', () => {
  let node: Node
  let store: EventStore
  beforeAll(async () => {
    node = await startEventStore({ inMemory: true })
    store = connectEventStore(node.url)
  })
  afterAll(async () => {
    await store.close()
    await node.close()
  })

  it('appends at the revision that is expected, and says where', async () => {
    const first = await store.append('conversation-a', [event(0), event(1)], 'none')
    expect(first.revision).toBe(1)
    const second = await store.append('conversation-a', [event(2)], 1)
    expect(second.revision).toBe(2)
    expect(second.position).toBeGreaterThan(first.position)
    const events = await all(store.read('conversation-a'))
    expect(numbers(events)).toEqual([0, 1, 2])
    expect(events.map(e => e.revision)).toEqual([0, 1, 2])
    expect(events[2]).toMatchObject({ stream: 'conversation-a', position: second.position, type: 'Counted', metadata })
  })

  it('tells a wrong revision, and the one there is', async () => {
    await store.append('conversation-b', [event(0)], 'none')
    const wrong = await store.append('conversation-b', [event(1)], 5).catch((error: unknown) => error)
    expect(wrong).toBeInstanceOf(WrongRevision)
    expect((wrong as WrongRevision).actual).toBe(0)
    expect(await store.append('conversation-b', [event(1)], 'none').catch((e: unknown) => e)).toBeInstanceOf(
      WrongRevision,
    )
  })

  it('[E1] the same events appended again at the same revision are the same events', async () => {
    const events = [event(0), event(1)]
    const first = await store.append('conversation-c', events, 'none')
    expect(await store.append('conversation-c', events, 'none')).toEqual(first)
    expect(await all(store.read('conversation-c'))).toHaveLength(2)
  })

  it('reads nothing where there is nothing, pages where there is much, and the last one', async () => {
    expect(await all(store.read('conversation-nobody'))).toEqual([])
    expect(await store.last('conversation-nobody')).toBeUndefined()
    const many = Array.from({ length: 1_201 }, (_, n) => event(n))
    await store.append('conversation-d', many, 'any')
    expect(numbers(await all(store.read('conversation-d', 600)))).toEqual(many.slice(600).map((_, n) => n + 600))
    expect((await store.last('conversation-d'))?.revision).toBe(1_200)
  })

  it('tells the position of an event from one that is none, and from the end', async () => {
    const { position } = await store.append('conversation-e', [event(0), event(1)], 'any')
    const asked = [position, position + 1, position - 1, position + 1_000_000]
    expect(await Promise.all(asked.map(at => store.holds(at)))).toEqual([true, false, false, false])
    const [first] = await all(store.read('conversation-e'))
    expect(await store.holds(first!.position)).toBe(true)
  })

  it('[E2] a subscription says that the end is reached when all until there has been taken, however slowly', async () => {
    const stream = 'case-slow'
    const count = 2_008 // the last ones wait in the client when it hears that they are the last
    for (let n = 0; n < count; n += 1_004)
      await store.append(
        stream,
        Array.from({ length: 1_004 }, (_, i) => event(n + i)),
        'any',
      )
    const seen: RawEvent[] = []
    await new Promise<void>((resolve, reject) => {
      const stop = store.subscribe(['case-'], undefined, {
        take: async batch => {
          seen.push(...batch.events)
          if (seen.length <= 500) await sleep(200) // long enough for all to arrive; a shorter time would only see less
          if (!batch.live) return
          stop()
          resolve()
        },
        lost: reject,
      })
    })
    expect(numbers(seen)).toEqual(Array.from({ length: count }, (_, n) => n))
  })

  it('[E2] a subscription brings every event once, in order, those from before and those to come', async () => {
    const stream = 'activity-x'
    await store.append(stream, [event(0), event(1)], 'any')
    const seen: RawEvent[] = []
    const done = new Promise<void>((resolve, reject) => {
      const stop = store.subscribe(['activity-'], undefined, {
        take: async batch => {
          seen.push(...batch.events)
          await new Promise(setImmediate) // a reader that takes its time
          if (seen.length < 502) return
          stop()
          resolve()
        },
        lost: reject,
      })
    })
    for (let n = 2; n < 502; n++) void store.append(stream, [event(n)], 'any')
    await done
    expect(numbers(seen).sort((a, b) => a - b)).toEqual(Array.from({ length: 502 }, (_, n) => n))
    expect(seen.map(e => e.revision)).toEqual(Array.from({ length: 502 }, (_, n) => n))
    const positions = seen.map(e => e.position)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  })

  it('starts after a position, exclusively', async () => {
    const { position } = await store.append('session-y', [event(0)], 'any')
    await store.append('session-y', [event(1)], 'any')
    const batch = await new Promise<readonly RawEvent[]>((resolve, reject) => {
      const stop = store.subscribe(['session-'], position, {
        take: ({ events }) => {
          if (events.length === 0) return
          stop()
          resolve(events)
        },
        lost: reject,
      })
    })
    expect(numbers(batch)).toEqual([1])
  })

  it('[E3] the epoch of a store is begun once, whoever asks first', async () => {
    const now = () => new Date().toISOString()
    const [one, other] = await Promise.all([epochOf(store, now), epochOf(store, now)])
    expect(one).toBe(other)
    expect(await epochOf(store, now)).toBe(one)
  })
})

describe('a store that goes away', () => {
  it('[E4] an append whose answer was lost happens once, and the subscription goes on where it was', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'verbatim-store-'))
    let node = await startEventStoreProcess({ dir })
    const port = Number(new URL(node.url.replace('esdb', 'http')).port)
    const store = connectEventStore(node.url)
    try {
      const seen: RawEvent[] = []
      let enough: () => void
      const done = new Promise<void>(resolve => (enough = resolve))
      const stop = store.subscribe(['conversation-'], undefined, {
        take: ({ events }) => {
          seen.push(...events)
          if (seen.length >= 300) enough()
        },
        lost: fault,
      })
      const writer = (async () => {
        for (let n = 0; n < 300; n++) await store.append('conversation-z', [event(n)], n === 0 ? 'none' : n - 1)
      })()
      while (seen.length < 100) await new Promise(setImmediate)
      process.kill(node.pid, 'SIGKILL')
      while (isAlive(node.pid)) await new Promise(setImmediate)
      node = await startEventStoreProcess({ dir, port })
      await writer
      await done
      stop()
      expect(numbers(seen)).toEqual(Array.from({ length: 300 }, (_, n) => n))
    } finally {
      await store.close()
      await node.close()
      await rm(dir, { recursive: true })
    }
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
