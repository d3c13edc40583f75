// What is served besides gRPC, to whoever asks in either version of HTTP, with and without TLS.
import { Agent as HttpAgent, request as http } from 'node:http'
import { connect } from 'node:http2'
import type { IncomingHttpStatusHeader } from 'node:http2'
import { Agent as HttpsAgent, request as https } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore, TlsFiles } from '../../src/embedded/index.ts'
import { ENCRYPTED, ca, httpUrl, overHttp1, overHttp2, rawCall, responseTo, text, trusting } from './support.ts'

describe.each<[string, { tls?: TlsFiles }]>([
  ['in the clear', {}],
  ['over TLS', ENCRYPTED],
])('a node %s', (_, options) => {
  let store: EventStore
  beforeAll(async () => {
    store = await startEventStore({ inMemory: true, ...options })
  })
  afterAll(() => store.close())

  describe.each([
    ['HTTP/1.1', overHttp1],
    ['HTTP/2', overHttp2],
  ])('asked in %s', (_, ask) => {
    const json = async (path: string, method?: string) => {
      const { status, headers, body } = await ask(store.url, path, method)
      expect(headers['content-type']).toBe('application/json; charset=utf-8')
      return { status, ...(JSON.parse(body) as object) }
    }

    it('says that it lives', async () => {
      expect(await ask(store.url, '/health/live')).toMatchObject({ status: 204, body: '' })
      expect(await ask(store.url, '/health/live?from=probe', 'HEAD')).toMatchObject({ status: 204, body: '' })
      expect(await json('/ping')).toEqual({ status: 200, text: 'Ping request successfully handled' })
    })

    it('says what it is', async () => {
      expect(await json('/info')).toEqual({
        status: 200,
        esVersion: '23.10.6',
        state: 'leader',
        features: { projections: false, userManagement: false, atomPub: false },
        authentication: { type: 'insecure', properties: null },
      })
    })

    it('says where it is, and how far its log goes', async () => {
      const client = EventStoreDBClient.connectionString(options.tls ? trusting(store.url) : store.url)
      const { position } = await client.appendToStream('s', jsonEvent({ type: 'Said', data: {} }))
      await client.dispose()
      const { members } = (await json('/gossip')) as { members?: Record<string, unknown>[] }
      expect(members).toHaveLength(1)
      const { instanceId, timeStamp, lastCommitPosition, ...member } = members![0]!
      expect(instanceId).toMatch(/^[\da-f-]{36}$/)
      expect(Date.parse(String(timeStamp))).toBeGreaterThan(0)
      expect(lastCommitPosition).toBeGreaterThan(Number(position!.commit))
      expect(member).toMatchObject({
        state: 'Leader',
        isAlive: true,
        httpEndPointIp: store.host,
        httpEndPointPort: store.port,
        isReadOnlyReplica: false,
        esVersion: '23.10.6',
      })
    })

    it('says how long an answer would be, without giving it, to HEAD', async () => {
      const { body, headers } = await ask(store.url, '/ping')
      const head = await ask(store.url, '/ping', 'HEAD')
      expect(head).toMatchObject({ status: 200, body: '' })
      expect(head.headers['content-length']).toBe(headers['content-length'])
      expect(Number(headers['content-length'])).toBe(body.length)
    })

    it('says what it has, of what it has not, and how to ask', async () => {
      expect(await json('/')).toEqual({
        status: 404,
        error: 'Nothing is served at /',
        served: ['gRPC', '/health/live', '/ping', '/info', '/gossip'],
      })
      expect(await json('/toString')).toMatchObject({ status: 404 })
      expect(await json('/ping', 'POST')).toEqual({ status: 405, error: '/ping takes GET and HEAD, not POST' })
      expect((await ask(store.url, '/ping', 'DELETE')).headers['allow']).toBe('GET, HEAD')
      expect(await json('/streams/room-1')).toEqual({
        status: 501,
        error: '/streams is not implemented by the embedded store: for AtomPub, run an EventStoreDB server',
      })
    })
  })

  it('serves gRPC beside it', async () => {
    const call = rawCall(store.url, '/event_store.client.gossip.Gossip/Read')
    call.end()
    expect((await call.trailers)['grpc-status']).toBe('3') // Gossip/Read, which got no message
  })

  it('ends connections that are kept alive when it stops', async () => {
    const stopping = await startEventStore({ inMemory: true, ...options })
    const at = new URL('/ping', httpUrl(stopping.url))
    const agent = options.tls ? new HttpsAgent({ keepAlive: true, ca }) : new HttpAgent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const response = await responseTo((options.tls ? https(at, { agent }) : http(at, { agent })).end())
    expect(response.headers.connection).toBe('keep-alive')
    const isOver = once(response.socket, 'close')
    await text(response)
    await Promise.all([isOver, stopping.close(), stopping.close()]) // twice is as good as once
  })
})

describe('a node in the clear', () => {
  it('is no proxy', async () => {
    const store = await startEventStore({ inMemory: true })
    const session = connect(httpUrl(store.url))
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'elsewhere:80' })
    const [headers] = (await once(stream, 'response')) as [IncomingHttpStatusHeader]
    expect(headers[':status']).toBe(404)
    session.destroy()
    await store.close()
  })
})

describe('a node over TLS', () => {
  it('takes whoever names no protocol for HTTP/1.1', async () => {
    const store = await startEventStore({ inMemory: true, ...ENCRYPTED })
    const socket = connectTls({ host: store.host, port: store.port, ca, servername: 'localhost' })
    socket.write('GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Ping request successfully handled/)
    await store.close()
  })
})
