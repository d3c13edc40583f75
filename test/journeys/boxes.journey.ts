// Several boxes: gateways, commands and projections as processes of their own over one store and one database.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { api } from '../../src/client/index.ts'
import { connectEventStore, type EventStore } from '../../src/eventstore/index.ts'
import { startBalancer, startEngines, type Engines } from '../support/boxes.ts'
import { person, token, type Server } from '../support/server.ts'
import { readAll } from '../support/stack.ts'

/** Short, so that a lost box is soon taken for lost. The window is long: who is offline is so for want of a session. */
const env = { BOX_LEASE: '2s', ONLINE_WINDOW: '10m' }

let engines: Engines
let store: EventStore
let commandsUrl: string
const gateway = () => engines.box('gateway', { COMMANDS_URL: commandsUrl })

beforeAll(async () => {
  engines = await startEngines(env)
  await engines.box('projections')
  const commands = await engines.box('commands')
  commandsUrl = commands.url.replace('http', 'ws')
  store = connectEventStore(engines.storeUrl)
})
afterAll(async () => {
  await store.close()
  await engines.close()
})

/** An administrator's look at the boxes. */
const admin = async ({ url }: Server) => api({ url, token: await token(url, 'root', ['admin']) })
const boxes = async (server: Server) => (await admin(server)).boxes()
const nameOf = (server: Server) => server.printed.get('box')!.split(' ')[0]!

describe('two gateways, one process for commands, one for projections', () => {
  it('[N4] what is said on one box is heard on the other, and marks come back', async () => {
    const [one, other] = await Promise.all([gateway(), gateway()])
    const [alice, bob] = await Promise.all([person(one, 'alice'), person(other, 'bob')])
    bob.client.on('message', ({ conversation, seq }) => void setImmediate(() => bob.client.markRead(conversation, seq)))
    for (let n = 1; n <= 5; n++) {
      const { seq } = await alice.client.send({ user: 'bob' }, { text: `message ${n}` })
      expect(seq).toBe(n)
      await alice.until(() => alice.of('receipt').some(({ read }) => read === n))
    }
    expect(bob.of('message').map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    const last = await bob.client.send({ user: 'alice' }, { text: 'thanks' })
    await alice.until(() => alice.of('message').length === 1)
    // each box reads what the projections process has written, as soon as that is there
    for (const server of [one, other]) {
      const reader = await person(server, 'alice', { device: 'reader' })
      const history = await reader.client.messages(last.conversation, { atLeast: last.position })
      expect(history.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
      await reader.client.close()
    }
    const typed = () => {
      bob.client.typing(last.conversation) // said in passing: what is said before the other box listens is lost
      return alice.of('typing').length
    }
    await expect.poll(typed).toBeGreaterThan(0)
    await Promise.all([alice.client.close(), bob.client.close()])
    expect(await Promise.all([one.stop(), other.stop()])).toEqual([0, 0])
  })

  it('[N5] who is on which box is seen by administrators, and presence is seen from any box', async () => {
    const [one, other] = await Promise.all([gateway(), gateway()])
    const [carol, dave] = await Promise.all([person(one, 'carol'), person(other, 'dave')])
    dave.client.watch(['carol'])
    await dave.until(() => dave.of('presence').length > 0)
    carol.client.activity()
    await dave.until(() => dave.of('presence').at(-1)?.state === 'online')
    const having = async () => (await boxes(other)).filter(({ sessions }) => sessions > 0)
    await expect.poll(async () => (await having()).length).toBe(2)
    for (const server of [one, other])
      expect(await having()).toContainEqual(
        expect.objectContaining({ box: nameOf(server), alive: true, roles: ['gateway'], sessions: 1 }),
      )
    const here = []
    for await (const session of (await admin(one)).boxSessions(nameOf(other))) here.push(session)
    expect(here).toMatchObject([{ user: 'dave', device: 'default' }])
    const all = (await boxes(one)).map(({ roles }) => roles.join())
    expect(all).toEqual(expect.arrayContaining(['projections', 'commands', 'gateway']))
    await carol.client.close()
    await dave.until(() => dave.of('presence').at(-1)?.state === 'offline')
    await dave.client.close()
    await Promise.all([one.stop(), other.stop()])
  })

  it('[N6] a killed box: its sessions are closed once, its people are offline, and come back elsewhere and miss nothing', async () => {
    const [one, two, three] = await Promise.all([gateway(), gateway(), gateway()])
    const balancer = await startBalancer([one.url, two.url])
    const [erin, frank] = await Promise.all([person(balancer, 'erin'), person(three, 'frank')])
    const idle = await person(one, 'ida') // nobody leads her elsewhere
    const before = await erin.client.ready()
    expect(before.box).toBe(nameOf(one))
    idle.client.activity()
    frank.client.watch(['ida'])
    await frank.until(() => frank.of('presence').at(-1)?.state === 'online')
    const { conversation } = await frank.client.send({ user: 'erin' }, { text: 'before' })
    await erin.until(() => erin.of('message').length === 1)

    await one.kill()
    const texts = ['between', 'after']
    for (const text of texts) await frank.client.send({ user: 'erin' }, { text })
    await erin.until(() => erin.of('message').length === 3)
    expect(erin.of('message').map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect((await erin.client.ready()).box).toBe(nameOf(two))
    await frank.until(() => frank.of('presence').at(-1)?.state === 'offline')

    for (const user of ['erin', 'ida']) {
      const lost = async () => (await readAll(store, `session-${user}`)).filter(({ data }) => isLost(data))
      await expect.poll(async () => (await lost()).length, { timeout: 30_000 }).toBe(1)
      // another lease's time later it still is once, though every box has looked
      await expect.poll(async () => (await boxes(three)).some(({ box }) => box === nameOf(one))).toBe(false)
      expect(await lost()).toMatchObject([{ type: 'SessionClosed', data: { box: nameOf(one), device: 'default' } }])
    }
    expect((await frank.client.messages(conversation)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    await Promise.all([erin, frank, idle].map(({ client }) => client.close()))
    await balancer.close()
    await Promise.all([two.stop(), three.stop()])
  })

  it('[N7] a box that was frozen finds that it was taken for lost, sends everybody away to come back, and starts anew', async () => {
    const [one, two] = await Promise.all([gateway(), gateway()])
    const ws = new WebSocket(`${one.url.replace('http', 'ws')}/v1/socket?token=${await token(one.url, 'grace')}`)
    const frames: { type: string; box?: string; session?: string }[] = []
    ws.on('message', data => frames.push(JSON.parse((data as Buffer).toString()) as { type: string }))
    const closed = new Promise<number>(resolve => ws.on('close', resolve))
    await expect.poll(() => frames[0]?.type).toBe('welcome')
    expect(frames[0]!.box).toBe(nameOf(one))

    process.kill(one.pid, 'SIGSTOP')
    const ends = async () =>
      (await readAll(store, 'session-grace')).filter(({ type }) => type === 'SessionClosed').map(({ data }) => data)
    await expect.poll(ends, { timeout: 30_000 }).toMatchObject([{ session: frames[0]!.session, why: 'box-lost' }])
    process.kill(one.pid, 'SIGCONT')
    expect(await closed).toBe(4000)
    expect(await ends()).toHaveLength(1)

    const again = await person(one, 'grace')
    const { box } = await again.client.ready()
    expect(box).not.toBe(nameOf(one))
    await expect.poll(async () => (await boxes(two)).find(one => one.box === box)).toMatchObject({ alive: true })
    await again.client.close()
    expect(await Promise.all([one.stop(), two.stop()])).toEqual([0, 0])
  })
})

const isLost = (data: unknown) => (data as { why?: string }).why === 'box-lost'
