// More people than come in at once, and what a running server says of how it is doing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMetrics } from '../support/metrics.ts'
import { freePort, freshFolder, person, startServer, type Server } from '../support/server.ts'

const crowd = Array.from({ length: 20 }, (_, n) => `fan-${n}`)
const env = { ADMISSION_RATE: '10' }
const dataDir = freshFolder()
let port = ''
let server: Server
beforeAll(async () => {
  port = String(await freePort())
  server = await startServer({ dataDir, env: { ...env, PORT: port } })
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

const metrics = async () => readMetrics(await (await fetch(`${server.url}/metrics`)).text())

describe('a crowd', () => {
  it('[H11] comes in one after the other, also after a restart, and nobody is lost', async () => {
    const people = await Promise.all(crowd.map(user => person(server, user)))
    const first = await metrics()
    expect(first.get('verbatim_sessions')).toBe(crowd.length)
    expect(first.get('verbatim_sessions_admitted_total')).toBe(crowd.length)

    const away = people.map(({ client }) => new Promise<void>(gone => client.on('connection', () => gone())))
    expect(await server.stop()).toBe(0)
    await Promise.all(away)
    server = await startServer({ dataDir, env: { ...env, PORT: port } })
    const [sender, ...others] = people
    const { seq } = await sender!.client.send({ user: crowd[1]! }, { text: 'we are back' })
    await others[0]!.until(() => others[0]!.of('message').some(message => message.seq === seq))
    await Promise.all(people.map(({ client }) => client.ready()))
    expect((await metrics()).get('verbatim_sessions_admitted_total')).toBe(crowd.length)
    await Promise.all(people.map(({ client }) => client.close()))
  })

  it('[H10] a running server tells how it is doing, itself included', async () => {
    const [alice, bob] = [await person(server, 'alice'), await person(server, 'bob')]
    const before = await metrics()
    const { position } = await alice.client.send({ user: 'bob' }, { text: 'hi' })
    await alice.until(() => alice.of('receipt').some(({ delivered }) => delivered !== undefined))
    await alice.client.inbox({ atLeast: position })
    const after = await metrics()
    const grown = (name: string) => after.get(name)! - before.get(name)!
    expect(grown('verbatim_sent_total{type="send"}')).toBe(1)
    expect(grown('verbatim_append_seconds_count')).toBeGreaterThan(0)
    expect(after.get('verbatim_feed_position')).toBeGreaterThanOrEqual(Number(position))
    expect(after.get('verbatim_projection_position')).toBeGreaterThanOrEqual(Number(position))
    expect([0, 1, 2, 3, 4]).toContain(after.get('verbatim_load_level')) // which one is the machine's affair
    expect(after.get('process_cpu_seconds_total')).toBeGreaterThan(0)
    await Promise.all([alice.client.close(), bob.client.close()])
  })
})
