// Who may call a node that has users: the official client shows names and passwords, over TLS alone.
import { AccessDeniedError, EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore } from '../../src/embedded/index.ts'
import { comes, read, received } from '../contracts/reading.ts'
import { ENCRYPTED, overHttp1, rawCall, trusting } from './support.ts'

const STREAMS = '/event_store.client.streams.Streams'
const said = () => jsonEvent({ type: 'Said', data: {} })
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`

let store: EventStore
beforeAll(async () => {
  store = await startEventStore({
    inMemory: true,
    ...ENCRYPTED,
    users: { admin: 'changeit', 'Zoë Ångström': 'päss:wört' },
  })
})
afterAll(() => store.close())

const clientOf = (credentials?: string, url = store.url): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(trusting(url, credentials))
  onTestFinished(() => client.dispose())
  return client
}

type Credentials = { credentials?: { username: string; password: string } }

const calls: [string, (client: EventStoreDBClient, options: Credentials) => Promise<unknown>][] = [
  ['an append', (client, options) => client.appendToStream('s', said(), options)],
  ['a read', (client, options) => read(client.readStream('s', options))],
  ['a read of everything', (client, options) => read(client.readAll(options))],
  ['a deletion', (client, options) => client.deleteStream('s', options)],
  ['a tombstone', (client, options) => client.tombstoneStream('other', options)],
  ['a projection', (client, options) => client.listProjections(options)],
]

const statusOf = async (path: string, authorization?: string) => {
  const call = rawCall(store.url, path, authorization === undefined ? {} : { authorization })
  call.end()
  const trailers = await call.trailers
  return [trailers['grpc-status'], trailers['exception']]
}

describe('a node with users', () => {
  it.each(calls)('refuses %s of nobody, and of who is none of them', async (_, call) => {
    await expect(call(clientOf(), {})).rejects.toThrow(AccessDeniedError)
    for (const [username, password] of [
      ['admin', 'wrong'],
      ['nobody', 'changeit'],
    ] as const) {
      await expect(call(clientOf(`${username}:${password}`), {})).rejects.toThrow(AccessDeniedError)
      await expect(call(clientOf(), { credentials: { username, password } })).rejects.toThrow(AccessDeniedError)
    }
  })

  it('refuses subscriptions alike', async () => {
    const subscription = clientOf('admin:wrong').subscribeToAll()
    subscription.on('data', () => undefined)
    expect(await received(subscription, 'error')).toBeInstanceOf(AccessDeniedError)
  })

  it.each(['admin:changeit', `${encodeURIComponent('Zoë Ångström')}:${encodeURIComponent('päss:wört')}`])(
    'lets %s do everything',
    async credentials => {
      const client = clientOf(credentials)
      await client.appendToStream('s', said())
      expect((await read(client.readStream('s'))).length).toBeGreaterThan(0)
      const subscription = client.subscribeToAll().on('data', () => undefined)
      await comes(subscription, 'caughtUp')
      await subscription.unsubscribe()
      await client.setStreamMetadata('s', { maxCount: 10 })
      await client.deleteStream('s')
    },
  )

  it('looks at the credentials of a call before those of its client', async () => {
    const credentials = { username: 'admin', password: 'changeit' }
    await clientOf().appendToStream('s', said(), { credentials })
    await clientOf('admin:wrong').appendToStream('s', said(), { credentials })
    const wrong = { credentials: { ...credentials, password: 'wrong' } }
    await expect(clientOf('admin:changeit').appendToStream('s', said(), wrong)).rejects.toThrow(AccessDeniedError)
  })

  it('tells everybody where it is, for who discovers it asks before it shows anything', async () => {
    const client = clientOf('admin:changeit', store.url.replace('esdb:', 'esdb+discover:'))
    await client.appendToStream('s', said())
    // answered, in that the missing message is what is wrong
    expect(await statusOf('/event_store.client.gossip.Gossip/Read')).toEqual(['3', undefined])
    expect(await statusOf('/event_store.client.server_features.ServerFeatures/GetSupportedMethods')).toEqual([
      '3',
      undefined,
    ])
  })

  it('refuses with the status that says so, and tells nothing else', async () => {
    const denied = ['7', 'access-denied']
    expect(await statusOf(`${STREAMS}/Read`)).toEqual(denied)
    expect(await statusOf('/event_store.client.operations.Operations/Shutdown')).toEqual(denied)
    const refused = ['16', undefined]
    for (const authorization of ['', 'Basic', 'Basic !!!', 'Bearer YWRtaW46Y2hhbmdlaXQ=', basic('admin')])
      expect([authorization, await statusOf(`${STREAMS}/Read`, authorization)]).toEqual([authorization, refused])
    for (const known of [basic('admin:changeit'), basic('admin:changeit').replace('Basic', 'basic')])
      expect(await statusOf(`${STREAMS}/Read`, known)).toEqual(['3', undefined])
  })

  it('tells everybody that it has them', async () => {
    const { body } = await overHttp1(store.url, '/info')
    expect(JSON.parse(body)).toMatchObject({ authentication: { type: 'internal', properties: null } })
  })
})

describe('a node without users', () => {
  it('takes whatever credentials come', async () => {
    const open = await startEventStore({ inMemory: true, ...ENCRYPTED })
    await clientOf('any:body', open.url).appendToStream('s', said())
    await clientOf(undefined, open.url).appendToStream('s', said())
    await open.close()
  })
})
