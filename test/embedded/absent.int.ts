// What a developer is told who calls what only an EventStoreDB server has.
import {
  EventStoreDBClient,
  UnsupportedError,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore } from '../../src/embedded/index.ts'
import { received } from '../contracts/reading.ts'
import { rawCall } from './support.ts'

let store: EventStore
let client: EventStoreDBClient
beforeAll(async () => {
  store = await startEventStore({ inMemory: true })
  client = EventStoreDBClient.connectionString(store.url)
})
afterAll(async () => {
  await client.dispose()
  await store.close()
})

const ofStream = persistentSubscriptionToStreamSettingsFromDefaults()
const ofAll = persistentSubscriptionToAllSettingsFromDefaults()
const reason = (name: string, what: string): string =>
  `${name} is not implemented by the embedded store: for ${what}, run an EventStoreDB server`

describe('persistent subscriptions', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['Create', () => client.createPersistentSubscriptionToStream('s', 'g', ofStream)],
    ['Update', () => client.updatePersistentSubscriptionToStream('s', 'g', ofStream)],
    ['Delete', () => client.deletePersistentSubscriptionToStream('s', 'g')],
  ])('are not there to %s, which gRPC says', async (method, call) => {
    const name = `/event_store.client.persistent_subscriptions.PersistentSubscriptions/${method}`
    await expect(call()).rejects.toThrow(`12 UNIMPLEMENTED: ${reason(name, 'persistent subscriptions')}`)
  })

  it('are not there to subscribe to', async () => {
    const subscription = client.subscribeToPersistentSubscriptionToStream('s', 'g')
    subscription.on('data', () => undefined)
    const { message } = await received<Error>(subscription, 'error')
    expect(message).toContain('PersistentSubscriptions/Read is not implemented by the embedded store')
  })

  it.each<[string, () => Promise<unknown>]>([
    ['describe', () => client.getPersistentSubscriptionToStreamInfo('s', 'g')],
    ['list', () => client.listAllPersistentSubscriptions()],
    ['list of a stream', () => client.listPersistentSubscriptionsToStream('s')],
    ['replay', () => client.replayParkedMessagesToStream('s', 'g')],
    ['restart', () => client.restartPersistentSubscriptionSubsystem()],
  ])('are not there to %s, which the client asks in HTTP', async (_, call) => {
    await expect(call()).rejects.toThrow(reason('/subscriptions', 'persistent subscriptions'))
  })

  it.each<[string, () => Promise<unknown>]>([
    ['create', () => client.createPersistentSubscriptionToAll('g', ofAll)],
    ['delete', () => client.deletePersistentSubscriptionToAll('g')],
    ['describe', () => client.getPersistentSubscriptionToAllInfo('g')],
    ['list', () => client.listPersistentSubscriptionsToAll()],
  ])('of everything are not there to %s, which the client itself refuses', async (_, call) => {
    await expect(call()).rejects.toThrow(UnsupportedError)
  })
})

describe('projections', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['Create', () => client.createProjection('p', 'fromAll()')],
    ['Statistics', () => client.listProjections()],
    ['State', () => client.getProjectionState('p')],
    ['Result', () => client.getProjectionResult('p')],
    ['RestartSubsystem', () => client.restartSubsystem()],
  ])('are not there for %s', async (method, call) => {
    const name = `/event_store.client.projections.Projections/${method}`
    await expect(call()).rejects.toThrow(`12 UNIMPLEMENTED: ${reason(name, 'projections')}`)
  })

  it('are not there to be tracked, which the client asks in HTTP', async () => {
    const created = client.createProjection('p', 'fromAll()', { trackEmittedStreams: true })
    await expect(created).rejects.toThrow(reason('/projections', 'projections'))
  })
})

describe('every other method', () => {
  const services = ['persistent', 'projections', 'users', 'operations', 'monitoring', 'cluster'].flatMap(file =>
    Object.entries(
      createRequire(import.meta.url)(`@eventstore/db-client/generated/${file}_grpc_pb.js`) as Record<string, object>,
    ).filter(([name]) => name.endsWith('Service')),
  )
  const paths = services.flatMap(([, methods]) => Object.values(methods).map(({ path }: { path: string }) => path))

  it.each(paths)('is refused by name: %s', async path => {
    const call = rawCall(store.url, path)
    call.end()
    const trailers = await call.trailers
    expect(trailers['grpc-status']).toBe('12')
    const server = path.startsWith('/event_store.cluster.') ? '' : ': for [a-z ]+, run an EventStoreDB server'
    expect(trailers['grpc-message']).toMatch(new RegExp(`^${path} is not implemented by the embedded store${server}$`))
  })
})
