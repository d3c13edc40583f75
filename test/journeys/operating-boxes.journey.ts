// Operating several processes: what they say of themselves, how they stop, and what happens when a part goes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectEventStore, type EventStore } from '../../src/eventstore/index.ts'
import { startEngines, type Engines } from '../support/boxes.ts'
import { readMetrics } from '../support/metrics.ts'
import { ended, freshFolder, person, run, start, startServer, token, type Server } from '../support/server.ts'
import { readAll } from '../support/stack.ts'

let engines: Engines
let store: EventStore
beforeAll(async () => {
  engines = await startEngines({ BOX_LEASE: '2s', READY_LAG: '500ms' })
  store = connectEventStore(engines.storeUrl)
})
afterAll(async () => {
  await store.close()
  await engines.close()
})

const patient = { timeout: 60_000 }
async function readiness({ url }: { url: string }): Promise<string> {
  const answer = await fetch(`${url}/readyz`)
  const { status, detail } = (await answer.json()) as { status: string; detail?: string }
  return answer.ok ? status : `${answer.status} ${detail}`
}
/** An open socket of somebody who waits for nothing. */
async function socket(server: Server, user: string) {
  const ws = new WebSocket(`${server.url.replace('http', 'ws')}/v1/socket?token=${await token(server.url, user)}`)
  const closed = new Promise<number>(resolve => ws.on('close', resolve))
  await new Promise(resolve => ws.once('message', resolve))
  return { ws, closed }
}
const closings = async (user: string) =>
  (await readAll(store, `session-${user}`)).flatMap(({ type, data }) => (type === 'SessionClosed' ? [data] : []))

describe('a process', () => {
  it('[N14] says why it cannot serve, and that it can again, by itself', async () => {
    const projections = await engines.box('projections')
    const commands = await engines.box('commands')
    const gateway = await engines.box('gateway', { COMMANDS_URL: commands.url.replace('http', 'ws') })
    const all = [projections, commands, gateway]
    const each = async () => [...new Set(await Promise.all(all.map(readiness)))]
    await expect.poll(each).toEqual(['ready'])
    for (const { url } of all) {
      const told = readMetrics(await (await fetch(`${url}/metrics`)).text())
      expect(told.get('verbatim_projection_position')).toBeGreaterThan(0)
    }

    await engines.store.stop()
    await expect.poll(each, patient).toEqual(['503 the event store does not answer'])
    await engines.store.start()
    await expect.poll(each, patient).toEqual(['ready'])

    await engines.database.stop()
    await expect.poll(each, patient).toEqual(['503 the database does not answer'])
    await engines.database.start()
    await expect.poll(each, patient).toEqual(['ready'])

    const alice = await person(gateway, 'alice')
    await projections.kill()
    const { position } = await alice.client.send({ user: 'bob' }, { text: 'who folds this?' })
    await expect.poll(() => readiness(gateway), patient).toMatch(/^503 the read models are \d+ s behind$/)
    all[0] = await engines.box('projections')
    await expect.poll(each, patient).toEqual(['ready'])
    expect((await alice.client.inbox({ atLeast: position })).conversations).toHaveLength(1)

    expect(await commands.stop()).toBe(0)
    await expect.poll(() => readiness(gateway), patient).toBe('503 no command process is there')
    await alice.client.close()
    expect(await Promise.all([all[0].stop(), gateway.stop()])).toEqual([0, 0])
  })

  it('[N17] told to stop sends everybody away to come back, has the log know, and exits with 0', async () => {
    const server = await engines.box('all')
    const people = await Promise.all(['ada', 'ben', 'cy'].map(user => socket(server, user)))
    expect(await server.stop()).toBe(0)
    expect(await Promise.all(people.map(({ closed }) => closed))).toEqual([4000, 4000, 4000])
    for (const user of ['ada', 'ben', 'cy']) expect(await closings(user)).toMatchObject([{ why: 'box-stopped' }])
  })

  it('[N17] stops in its time also where the event store is gone, and what it could not tell others do', async () => {
    const [server, other] = await Promise.all([engines.box('all'), engines.box('all')])
    const { closed } = await socket(server, 'dee')
    await engines.store.stop()
    expect(await server.stop()).toBe(0)
    expect(await closed).toBe(4000)
    await engines.store.start()
    // maybe the store got the last word of the one that stopped, after all
    await expect.poll(() => closings('dee'), patient).toHaveLength(1)
    await other.stop()
  })

  it('[N10] a command process that is killed under load: every send is answered, each once in the log', async () => {
    const projections = await engines.box('projections')
    const stages = await Promise.all([engines.box('commands'), engines.box('commands')])
    const urls = stages.map(({ url }) => url.replace('http', 'ws')).join(',')
    const gateways = await Promise.all([1, 2].map(() => engines.box('gateway', { COMMANDS_URL: urls })))
    const people = await Promise.all(
      Array.from({ length: 10 }, (_, n) => person(gateways[n % 2]!, `p${n}`).then(({ client }) => client)),
    )
    const sent: { conversation: string; seq: number; id: string }[] = []
    const traffic = Promise.all(
      people.map(async (client, n) => {
        for (let k = 0; k < 30; k++)
          sent.push(await client.send({ user: `p${(n + 1 + (k % 3)) % 10}` }, { text: `${k}` }))
      }),
    )
    while (sent.length < 100) await new Promise(setImmediate)
    await stages[0].kill()
    await traffic
    for (const conversation of new Set(sent.map(one => one.conversation))) {
      const inLog = (await readAll(store, `conversation-${conversation}`)).filter(({ type }) => type === 'MessageSent')
      const mine = sent.filter(one => one.conversation === conversation).sort((a, b) => a.seq - b.seq)
      expect(inLog.map(({ id, revision }) => ({ id, seq: revision }))).toEqual(mine.map(({ id, seq }) => ({ id, seq })))
    }
    await Promise.all(people.map(client => client.close()))
    expect(await Promise.all(gateways.map(box => box.stop()))).toEqual([0, 0])
    expect(await Promise.all([stages[1].stop(), projections.stop()])).toEqual([0, 0])
  })

  it('[N12] alone, killed and started again, closes the sessions that it left open', async () => {
    const [dataDir, env] = [freshFolder(), { BOX_LEASE: '2s' }]
    const first = await startServer({ dataDir, env })
    await socket(first, 'eli')
    await first.kill()
    const second = await startServer({ dataDir, env })
    const log = connectEventStore(second.printed.get('store')!)
    const ends = async () => (await readAll(log, 'session-eli')).map(({ type, data }) => [type, data])
    await expect.poll(ends, patient).toMatchObject([
      ['SessionOpened', {}],
      ['SessionClosed', { why: 'box-lost' }],
    ])
    await log.close()
    expect(await second.stop()).toBe(0)
  })
})

describe('the roles of a process', () => {
  it('[O1] are told in one line where they are none, or lack what they need', async () => {
    const wrong = async (env: Record<string, string>) => {
      const { code, out, err } = await run('main.js', [], { VERBATIM_DATA: freshFolder(), ...env })
      expect([code, out, err.trim().split('\n').length]).toEqual([1, '', 1])
      return err
    }
    expect(await wrong({ ROLE: 'chef' })).toMatch(/^ROLE: found "chef"; accepted is all, or some of gateway/)
    expect(await wrong({ ROLE: 'gateway,projections', COMMANDS_URL: 'ws://x:1' })).toMatch(
      /EVENTSTORE_URL and DATABASE_URL/,
    )
    expect(await wrong({ COMMANDS_URL: 'ws://x:1' })).toMatch(/^COMMANDS_URL is set, and ROLE has both/)
    expect(await wrong({ COMMANDS_URL: 'http://x:1' })).toMatch(/^COMMANDS_URL: found a value; accepted is ws:/)
  })

  it('[N3] a gateway that waits for read models says so, and stops when it is told to', async () => {
    const lonely = await startEngines()
    const child = start('main.js', [], { ...lonely.env, ROLE: 'gateway', PORT: '0', VERBATIM_DATA: freshFolder() })
    const end = ended(child)
    await new Promise<void>(resolve => {
      child.stdout!.on(
        'data',
        said => /waiting for a process with the role projections/.test(String(said)) && resolve(),
      )
    })
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 0, err: '' })
    await lonely.close()
  })
})
