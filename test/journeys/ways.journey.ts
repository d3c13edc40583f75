// From sockets to polls and back, with messages flowing: a real server, and a proxy that blocks, swallows and cuts sockets.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type ConnectionState } from '../../src/client/index.ts'
import { startProxy, type Proxy, type ToSockets } from '../support/proxy.ts'
import { person, startServer, token, type Server } from '../support/server.ts'

let server: Server
let proxy: Proxy
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})
beforeEach(async () => {
  proxy = await startProxy(server.url)
})
afterEach(async () => {
  await proxy.close()
})

type Person = Awaited<ReturnType<typeof person>>
const quick = { patienceMs: 500, trySocketAfterMs: 200 }
const texts = ({ of }: Person) => of('message').map(({ body }) => body?.['text'])
const connections = (one: Person): ConnectionState[] => {
  const states: ConnectionState[] = []
  one.client.on('connection', state => states.push(state))
  return states
}
/** Resolves when it is live in this way. */
const going = ({ client }: Person, way: 'socket' | 'poll') =>
  new Promise<void>(resolve => {
    const so = () => client.state === 'live' && client.transport === way
    if (so()) return resolve()
    const off = client.on('connection', () => {
      if (!so()) return
      off()
      resolve()
    })
  })

describe('where sockets are blocked', () => {
  const blocked: [string, ToSockets][] = [
    ['refused', 'refuse'],
    ['swallowed', 'swallow'],
    ['cut before the upgrade is answered', 20],
    ['cut after the upgrade is answered', 170],
    ['cut in the welcome', 400],
  ]
  it.each(blocked)('[C18] the SDK falls back to polls: %s', async (_, toSockets) => {
    proxy.toSockets = toSockets
    const name = `user-${crypto.randomUUID()}`
    const [alice, bob] = [
      await person(proxy, `${name}-a`, { ...quick, trySocketAfterMs: 600_000 }),
      await person(server, name),
    ]
    expect(alice.client.transport).toBe('poll')
    await alice.client.send({ user: name }, { text: 'hi' })
    await bob.until(() => bob.of('message').length === 1)
    await bob.client.send({ user: `${name}-a` }, { text: 'hello' })
    await alice.until(() => alice.of('message').length === 1)
    await Promise.all([alice.client.close(), bob.client.close()])
  })

  it('[C18] where the server is away it stays with sockets, and is back by one', async () => {
    const one = await person(proxy, 'zoe', quick)
    const { dataDir, url } = server
    const waiting = connections(one)
    await server.kill()
    while (waiting.filter(({ state }) => state === 'waiting').length < 5) {
      one.client.retry()
      await new Promise(setImmediate)
    }
    server = await startServer({ dataDir, env: { PORT: new URL(url).port } })
    await one.client.ready()
    expect(new Set(waiting.map(({ way }) => way))).toEqual(new Set(['socket']))
    await one.client.close()
  })

  it('[C18] a token that is not accepted ends it, also by polls', async () => {
    proxy.toSockets = 'swallow'
    const client = connect({ url: proxy.url, token: 'nonsense', ...quick })
    await expect(client.ready()).rejects.toMatchObject({ name: 'Closed' })
    expect(await token(server.url, 'anybody')).toBeTruthy()
  })
})

describe('from polls back to sockets', () => {
  it('[C19] with messages flowing both ways, up and down many times: nothing is missing, and nothing told twice', async () => {
    const rounds: ToSockets[] = ['refuse', 'pass', 'swallow', 'pass', 300, 'pass']
    const alice = await person(proxy, 'alice', quick)
    const bob = await person(server, 'bob')
    const said = { alice: [] as string[], bob: [] as string[] }
    let talking = true
    const talk = async (from: 'alice' | 'bob', to: string) => {
      for (let n = 0; talking; n++) {
        const text = `${from} ${n}`
        said[from].push(text)
        await { alice, bob }[from].client.send({ user: to }, { text })
      }
    }
    const talks = [talk('alice', 'bob'), talk('bob', 'alice')]
    for (const toSockets of rounds) {
      const before = said.bob.length
      proxy.toSockets = toSockets
      if (toSockets === 'pass') await going(alice, 'socket')
      else {
        while (alice.client.transport !== 'poll') {
          proxy.cut()
          alice.client.retry()
          await new Promise(resolve => setTimeout(resolve, 20))
        }
        await going(alice, 'poll')
      }
      while (said.bob.length < before + 20) await new Promise(setImmediate)
    }
    talking = false
    await Promise.all(talks)
    await bob.until(() => bob.of('message').length === said.alice.length)
    await alice.until(() => alice.of('message').length === said.bob.length)
    expect(texts(bob)).toEqual(said.alice)
    expect(texts(alice)).toEqual(said.bob)
    expect([...alice.of('reset'), ...alice.of('error')]).toEqual([])
    await Promise.all([alice.client.close(), bob.client.close()])
  })

  it('[C19] a move from polls to a socket takes what was said and what stands with it', async () => {
    proxy.toSockets = 'refuse'
    const [carl, dora] = [await person(proxy, 'carl', quick), await person(server, 'dora')]
    expect(carl.client.transport).toBe('poll')
    carl.client.watch(['dora'])
    const states = connections(carl)
    proxy.toSockets = 'pass'
    const all = Array.from({ length: 50 }, (_, n) => carl.client.send({ user: 'dora' }, { text: `${n}` }))
    await going(carl, 'socket')
    await Promise.all(all)
    await dora.until(() => dora.of('message').length === 50)
    expect(texts(dora)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`))
    expect(states.map(({ state, way }) => `${state} ${way}`)).toEqual(['resuming socket', 'live socket'])
    await dora.client.close()
    await carl.until(() => carl.of('presence').at(-1)?.state === 'offline')
    await carl.client.close()
  })
})
