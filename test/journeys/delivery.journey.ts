// The chat queue, whole: what no device acknowledges is pushed again and then given up, once, whatever is killed when.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, type AuditedEvent } from '../../src/client/index.ts'
import { startEngines, type Engines } from '../support/boxes.ts'
import { freePort, freshFolder, person, startServer, token, type Server } from '../support/server.ts'

const failures = async ({ url }: Server, conversation: string) => {
  const auditor = api({ url, token: await token(url, 'eve', ['auditor']) })
  const events: AuditedEvent[] = []
  for await (const event of auditor.audit.events(conversation, {})) events.push(event)
  return events.filter(({ type }) => type === 'DeliveryFailed').map(({ data }) => data)
}

describe('one server', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ env: { DELIVERY_ATTEMPTS: '3', DELIVERY_BACKOFF: '50ms' } })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  it('[D12] a device that never acknowledges gets a message once by the SDK, and its author hears once that it failed', async () => {
    const [alice, bob] = [await person(server, 'alice'), await person(server, 'bob', { ack: 'manual' })]
    const sent = await alice.client.send({ user: 'bob' }, { text: 'hi' })
    await alice.until(() => alice.of('failed').length > 0)
    const second = await alice.client.send({ user: 'bob' }, { text: 'hi?' })
    await alice.until(() => alice.of('failed').length > 1)
    const told = { conversation: sent.conversation, to: 'bob', reason: 'not-acknowledged', attempts: 3 }
    expect(alice.of('failed')).toMatchObject([
      { ...told, id: sent.id, seq: sent.seq },
      { ...told, id: second.id, seq: second.seq },
    ])
    expect(bob.of('message').map(({ id }) => id)).toEqual([sent.id, second.id])
    expect(bob.of('failed')).toEqual([])
    expect(await failures(server, sent.conversation)).toHaveLength(2)

    // late, and it counts all the same
    bob.client.markDelivered(second.conversation, second.seq)
    await alice.until(() => alice.of('receipt').some(({ delivered }) => delivered === second.seq))
    const { receipts, failed } = await alice.client.receipts(second.conversation, second.id, {
      atLeast: (await alice.client.send({ user: 'bob' }, { text: 'good' })).position,
    })
    expect(receipts).toMatchObject([{ user: 'bob' }])
    expect(failed).toMatchObject([{ user: 'bob', attempts: 3 }])
    await Promise.all([alice.client.close(), bob.client.close()])
  })

  it('[D12] nothing fails for who acknowledges in time', async () => {
    const [carol, dave] = [await person(server, 'carol'), await person(server, 'dave')]
    for (let n = 0; n < 20; n++) await carol.client.send({ user: 'dave' }, { text: `message ${n}` })
    await carol.until(() => carol.of('receipt').some(({ delivered }) => delivered === 20))
    const erin = await person(server, 'erin', { ack: 'manual' })
    const { conversation } = await carol.client.send({ user: 'erin' }, { text: 'and you?' })
    await carol.until(() => carol.of('failed').some(frame => frame.conversation === conversation))
    expect(carol.of('failed')).toHaveLength(1)
    await Promise.all([carol, dave, erin].map(({ client }) => client.close()))
  })
})

describe('after kill -9 of everything', () => {
  it('[D13] who never came is given up on by age, once, and its author is told on return', async () => {
    const [dataDir, env] = [freshFolder(), { PORT: String(await freePort()), DELIVERY_MAX_AGE: '500ms' }]
    let server = await startServer({ dataDir, env: { ...env, DELIVERY_MAX_AGE: '1h' } })
    const alice = await person(server, 'alice')
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, n) => alice.client.send({ user: `nobody-${n}` }, { text: 'hi' })),
    )
    await server.kill()
    for (let round = 0; round < 3; round++) {
      server = await startServer({ dataDir, env })
      await alice.until(() => alice.of('failed').length > round * 5)
      await server.kill()
    }
    server = await startServer({ dataDir, env })
    await alice.until(() => new Set(alice.of('failed').map(({ id }) => id)).size === 20)
    const last = await alice.client.send({ user: 'nobody-0' }, { text: 'still?' })
    await alice.until(() => alice.of('failed').some(({ id }) => id === last.id))
    for (const { conversation, id } of sent) {
      const found = await failures(server, conversation)
      expect(found.filter(({ message }) => message === id)).toMatchObject([
        { to: expect.stringMatching(/^nobody-/) as string, reason: 'too-old', attempts: 0 },
      ])
    }
    await alice.client.close()
    expect(await server.stop()).toBe(0)
  })
})

describe('several boxes', () => {
  let engines: Engines
  beforeAll(async () => {
    engines = await startEngines({ DELIVERY_ATTEMPTS: '4', DELIVERY_BACKOFF: '100ms', DELIVERY_MAX_AGE: '2s' })
    await engines.box('projections')
  })
  afterAll(() => engines.close())

  it('[D13] a message is given up on once, though two processes look and two boxes push', async () => {
    const commands = [await engines.box('commands'), await engines.box('commands')]
    const COMMANDS_URL = commands.map(({ url }) => url.replace('http', 'ws')).join(',')
    const [one, other] = await Promise.all([
      engines.box('gateway', { COMMANDS_URL }),
      engines.box('gateway', { COMMANDS_URL }),
    ])
    const alice = await person(one, 'alice')
    const phone = await person(one, 'bob', { ack: 'manual' })
    const desk = await person(other, 'bob', { ack: 'manual', device: 'desk' })
    const pushed = await alice.client.send({ user: 'bob' }, { text: 'hi' })
    const old = await alice.client.send({ user: 'nobody' }, { text: 'hi' })
    await alice.until(() => alice.of('failed').length >= 2)
    expect(alice.of('failed').find(({ id }) => id === pushed.id)).toMatchObject({
      ...{ to: 'bob', reason: 'not-acknowledged', attempts: 4 },
    })
    expect(alice.of('failed').find(({ id }) => id === old.id)).toMatchObject({ reason: 'too-old', attempts: 0 })
    // whoever comes later would have come by the time that another is given up
    const later = await alice.client.send({ user: 'nobody' }, { text: 'and now?' })
    await alice.until(() => alice.of('failed').some(({ id }) => id === later.id))
    expect(alice.of('failed')).toHaveLength(3)
    expect(await failures(one, pushed.conversation)).toHaveLength(1)
    expect(await failures(other, old.conversation)).toHaveLength(2)
    await Promise.all([alice, phone, desk].map(({ client }) => client.close()))
  })
})
