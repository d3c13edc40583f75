// Where the store is and who may ask: TLS and users, clusters, servers that know less, events of others.
import { connect, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { EventStoreDBClient } from '@eventstore/db-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import { connectEventStore, WrongRevision, type NewEvent, type RawEvent } from '../../src/eventstore/index.ts'
import { batched, proposed } from '../embedded/requests.ts'
import { ENCRYPTED, httpUrl, rawCall, trusting } from '../embedded/support.ts'

const metadata = {
  actor: { user: 'alice', device: 'phone', session: null },
  origin: 'user',
  at: '2026-01-02T03:04:05.678Z',
  correlationId: 'c',
  causationId: 'c',
} as const
const event = (data: unknown = {}): NewEvent => ({ id: crypto.randomUUID(), type: 'Said', data, metadata })

const startNode = async (options: object = {}) => {
  const node = await startEventStore({ inMemory: true, ...options })
  onTestFinished(() => node.close())
  return node
}
const connected = (url: string) => {
  const store = connectEventStore(url)
  onTestFinished(() => store.close())
  return store
}
type Store = ReturnType<typeof connected>

/** The first `count` events of the streams with a prefix. */
const heard = (store: Store, prefix: string, count: number) =>
  new Promise<RawEvent[]>((resolve, reject) => {
    const seen: RawEvent[] = []
    const stop = store.subscribe([prefix], undefined, {
      take: ({ events }) => {
        seen.push(...events)
        if (seen.length < count) return
        stop()
        resolve(seen)
      },
      lost: reject,
    })
  })

const writesReadsAndHears = async (store: Store) => {
  const said = event({ text: 'Grüße, 世界' })
  await store.append('user-a', [said], 'none')
  expect(await store.last('user-a')).toMatchObject({ id: said.id, data: { text: 'Grüße, 世界' } })
  expect(await heard(store, 'user-', 1)).toMatchObject([{ id: said.id, stream: 'user-a', metadata }])
  await expect(store.append('user-a', [event()], 'none')).rejects.toThrow(WrongRevision)
}

describe('a store that is reached', () => {
  it('[E10] over TLS, by who has a name and a password', async () => {
    const node = await startNode({ ...ENCRYPTED, users: { admin: 'changeit' } })
    await writesReadsAndHears(connected(trusting(node.url, 'admin:changeit')))
  })

  it('[E10] not by who has none: that is an answer, and is not asked again', async () => {
    const node = await startNode({ ...ENCRYPTED, users: { admin: 'changeit' } })
    const store = connected(trusting(node.url, 'admin:wrong'))
    await expect(store.append('user-a', [event()], 'any')).rejects.toThrow('appending to user-a')
    await expect(store.last('user-a')).rejects.toThrow('reading user-a')
  })

  it('[E10] by what gossip says of the cluster', async () => {
    const node = await startNode()
    await writesReadsAndHears(connected(node.url.replace('esdb:', 'esdb+discover:')))
  })

  it('[E10] where the server has no BatchAppend, in the official client’s other way', async () => {
    const node = await startNode()
    const older = await startOlder(httpUrl(node.url))
    await writesReadsAndHears(connected(`esdb://127.0.0.1:${older.port}?tls=false`))
    expect(older.calls).toContain('/event_store.client.streams.Streams/Append')
    expect(older.calls).not.toContain('/event_store.client.streams.Streams/BatchAppend')
  })
})

describe('what a store says no to', () => {
  it('a stream that was deleted for good, and events that are too many bytes, at once and without asking again', async () => {
    const node = await startNode()
    const store = connected(node.url)
    await store.append('user-gone', [event()], 'none')
    const official = EventStoreDBClient.connectionString(node.url)
    onTestFinished(() => official.dispose())
    await official.tombstoneStream('user-gone')
    await expect(store.append('user-gone', [event()], 'any')).rejects.toThrow('user-gone: StreamDeleted')
    await expect(store.last('user-gone')).rejects.toThrow('reading user-gone')
    const large = event({ text: 'x'.repeat(5 * 1024 * 1024) })
    await expect(store.append('user-b', [large], 'any')).rejects.toThrow('MaximumAppendSizeExceeded')
    await store.append('user-b', [event()], 'none')
  })
})

describe('events of others', () => {
  it('[E9] one whose JSON is none is null, and those around it are what they are', async () => {
    const node = await startNode()
    const store = connected(node.url)
    await store.append('user-a', [event({ n: 1 })], 'none')
    const raw = rawCall(node.url, '/event_store.client.streams.Streams/BatchAppend')
    raw.write(batched(crypto.randomUUID(), 'user-a', 0, proposed(3, { data: Buffer.from('{"n":2},{') })))
    await raw.message()
    await store.append('user-a', [event({ n: 3 })], 1)
    const data = (events: readonly RawEvent[]) => events.map(({ data }) => data)
    expect(data(await heard(store, 'user-', 3))).toEqual([{ n: 1 }, null, { n: 3 }])
    for await (const page of store.read('user-a')) expect(data(page)).toEqual([{ n: 1 }, null, { n: 3 }])
  })
})

const UNIMPLEMENTED = 12

/** What stands before a node and tells of no features, as a server from before 21.10 does. */
async function startOlder(target: string) {
  const node = connect(target)
  const calls: string[] = []
  const pass = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const path = headers[':path']!
    calls.push(path)
    if (path.includes('ServerFeatures'))
      return stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': UNIMPLEMENTED },
        { endStream: true },
      )
    const onward = node.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    let trailers: IncomingHttpHeaders = {}
    onward.on('trailers', (last: IncomingHttpHeaders) => (trailers = last))
    onward.on('response', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () =>
        stream.sendTrailers(Object.fromEntries(Object.entries(trailers).filter(([name]) => !name.startsWith(':')))),
      )
      onward.pipe(stream)
    })
    stream.pipe(onward)
    stream.on('close', () => onward.close())
    stream.on('error', () => onward.close())
    onward.on('error', () => stream.close())
  }
  const server = createServer().on('stream', pass)
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', session => sessions.add(session))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    node.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, calls }
}
