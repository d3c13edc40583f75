// Where a node can be reached, straight and by discovery: the official client finds it under every name it has.
import { EventStoreDBClient, StreamNotFoundError, jsonEvent } from '@eventstore/db-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import { read } from '../contracts/reading.ts'
import { ENCRYPTED, hasIpv6, trusting } from './support.ts'

const starting = async (options: object) => {
  const store = await startEventStore({ inMemory: true, ...options })
  onTestFinished(() => store.close())
  return store
}

const reaches = async (client: EventStoreDBClient): Promise<void> => {
  await client.appendToStream('s', jsonEvent({ type: 'Said', data: {} }))
  await client.dispose()
}

/** Not by connection string, which takes no IPv6 address. */
const at = async (address: string, port: number): Promise<void> => {
  await reaches(new EventStoreDBClient({ endpoint: { address, port } }, { insecure: true }))
  await reaches(new EventStoreDBClient({ discover: { address, port }, maxDiscoverAttempts: 1 }, { insecure: true }))
}

describe('a node', () => {
  it.each(['127.0.0.1', 'localhost', '0.0.0.0'])('on %s is reached by its connection string', async host => {
    const { url } = await starting({ host })
    await reaches(EventStoreDBClient.connectionString(url))
    await reaches(EventStoreDBClient.connectionString(url.replace('esdb:', 'esdb+discover:')))
  })

  it.each(['localhost', '0.0.0.0'])('on %s is reached under each of its names', async host => {
    const { port } = await starting({ host })
    for (const name of ['127.0.0.1', 'localhost']) await at(name, port)
  })

  it.runIf(hasIpv6)('on addresses of IPv6 is reached', async () => {
    await at('[::1]', (await starting({ host: '::1' })).port)
    const everywhere = await starting({ host: '::' })
    for (const name of ['[::1]', '127.0.0.1', 'localhost']) await at(name, everywhere.port)
  })

  it('is reached over TLS, straight and by discovery', async () => {
    const { url } = await starting(ENCRYPTED)
    expect(url).toMatch(/^esdb:\/\/localhost:\d+\?tls=true$/)
    await reaches(EventStoreDBClient.connectionString(trusting(url)))
    await reaches(EventStoreDBClient.connectionString(trusting(url.replace('esdb:', 'esdb+discover:'))))
  })

  it('is not trusted by who does not know its authority', async () => {
    const { url } = await starting(ENCRYPTED)
    await expect(reaches(EventStoreDBClient.connectionString(url))).rejects.toThrow('unable to verify')
  })

  it('is discovered where it says that it is', async () => {
    const elsewhere = await starting({})
    const telling = await starting({ advertise: `127.0.0.1:${elsewhere.port}` })
    await reaches(EventStoreDBClient.connectionString(telling.url.replace('esdb:', 'esdb+discover:')))
    const inside = ({ url }: { url: string }) => read(EventStoreDBClient.connectionString(url).readStream('s'))
    await expect(inside(elsewhere)).resolves.toHaveLength(1)
    await expect(inside(telling)).rejects.toThrow(StreamNotFoundError)
  })
})
