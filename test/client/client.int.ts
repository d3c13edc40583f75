// The SDK with real sockets that die.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connect } from '../../src/client/index.ts'
import type { Client, ConnectOptions, Message, SocketLike } from '../../src/client/index.ts'
import { memoryStorage } from './memory-storage.ts'
import { smallServer } from './small-server.ts'
import type { SmallServer } from './small-server.ts'

let server: SmallServer
let clients: Client[]

beforeEach(async () => {
  server = await smallServer()
  clients = []
})
afterEach(async () => {
  await Promise.all(clients.map(client => client.close()))
  await server.close()
})

const open = (options: Partial<ConnectOptions> = {}): Client => {
  const client = connect({ url: server.url, token: 'good', WebSocket, ...options })
  clients.push(client)
  return client
}

/** Resolves when so many messages have come. */
const messages = (client: Client, count: number): Promise<Message[]> =>
  new Promise(resolve => {
    const got: Message[] = []
    client.on('message', message => {
      got.push(message)
      if (got.length === count) resolve(got)
    })
  })

const state = (client: Client, wanted: string): Promise<void> =>
  new Promise(resolve => {
    const off = client.on('connection', ({ state }) => {
      if (state !== wanted) return
      off()
      resolve()
    })
  })

const texts = (got: readonly Message[]) => got.map(({ body }) => body?.['text'])

describe('the client', () => {
  it('[C6] sends again with the same id when the socket died before the answer, and is answered once', async () => {
    let died = 0
    server.hook = ({ type }, socket) => {
      if (type !== 'send' || died++ > 1) return 'as usual'
      socket.terminate()
      return 'ignore'
    }
    const client = open()
    const sent = await client.send({ user: 'bob' }, { text: 'hi' })
    const sends = server.heard.flat().filter(({ type }) => type === 'send')
    expect(sends.map(({ id }) => id)).toEqual([sent.id, sent.id, sent.id])
    expect(sends.map(({ body }) => body)).toEqual([{ text: 'hi' }, { text: 'hi' }, { text: 'hi' }])
  })

  it('[C3] resumes from its last cursor with the first frame on a new socket, and misses nothing', async () => {
    const client = open()
    await client.ready()
    const got = messages(client, 4)
    const first = messages(client, 2)
    server.say('one')
    server.say('two')
    await first
    const waiting = state(client, 'waiting')
    server.drop()
    await waiting
    server.say('three')
    server.say('four')
    expect(texts(await got)).toEqual(['one', 'two', 'three', 'four'])
    expect(server.heard[1]?.[0]).toEqual({ type: 'resume', cursor: '2' })
    expect(client.cursor).toBe('4')
  })

  it('[C7] tells nothing twice that a resumed session brings again', async () => {
    const kept: string[] = []
    const client = open({ cursor: '0', onCursor: cursor => kept.push(cursor) })
    server.say('one')
    const got: string[] = []
    client.on('message', ({ body }) => got.push(String(body?.['text'])))
    await client.ready()
    server.hook = frame => {
      if (frame.type === 'resume') frame['cursor'] = '0' // everything again
      return 'as usual'
    }
    const waiting = state(client, 'waiting')
    server.drop()
    await waiting
    server.say('two')
    await state(client, 'live')
    expect(got).toEqual(['one', 'two'])
    expect(kept.at(-1)).toBe('2')
  })

  it('acknowledges what has come as delivered, once its listeners are through with it', async () => {
    const acked = new Promise<unknown>(resolve => {
      server.hook = frame => {
        if (frame.type === 'delivered') resolve(frame)
        return 'as usual'
      }
    })
    const client = open()
    await client.ready()
    server.say('one')
    expect(await acked).toMatchObject({ type: 'delivered', upTo: 0 })
  })

  it('says after a lost socket again how far is read and who is watched, as the app', async () => {
    const client = open()
    await client.ready()
    client.markRead('c', 7)
    client.watch(['bob', 'carol'])
    client.unwatch(['carol'])
    await client.send({ user: 'bob' }, {}) // answered: what went before it has arrived
    const live = state(client, 'live')
    server.drop()
    await live
    await client.send({ user: 'bob' }, {})
    expect(server.heard[1]?.slice(1, 3)).toEqual([
      { type: 'read', conversation: 'c', upTo: 7, origin: 'app' },
      { type: 'watch', users: ['bob'] },
    ])
  })

  it('[C5] is over when the upgrade is answered 401', async () => {
    const client = open({ token: 'bad' })
    const send = client.send({ user: 'bob' }, {})
    await expect(client.ready()).rejects.toMatchObject({ name: 'Closed', code: 401 })
    await expect(send).rejects.toMatchObject({ name: 'Closed', code: 401 })
    await expect(client.send({ user: 'bob' }, {})).rejects.toMatchObject({ code: 401 })
    expect(server.upgrades).toHaveLength(1)
  })

  it('[C4] is over after a close code from 4500', async () => {
    const client = open()
    await client.ready()
    const closed = state(client, 'closed')
    server.drop(4501)
    await closed
    await expect(client.ready()).rejects.toMatchObject({ code: 4501 })
  })

  it('asks for a token anew for each socket', async () => {
    let asked = 0
    const client = open({ token: () => Promise.resolve(asked++ === 0 ? 'good' : 'worse') })
    await client.ready()
    const closed = state(client, 'closed')
    server.drop()
    await closed
    expect(asked).toBe(2)
  })

  it('tries again where a token cannot be had for now', async () => {
    let asked = 0
    const client = open({ token: () => (asked++ === 0 ? Promise.reject(new Error('not now')) : 'good') })
    await client.ready()
    expect(asked).toBe(2)
  })

  it('puts the token into the query where a class takes no headers, as browsers’', async () => {
    const Browsers = function (url: string, protocol: string): SocketLike {
      return new WebSocket(url, protocol)
    } as unknown as new (url: string) => SocketLike
    await open({ WebSocket: Browsers }).ready()
    expect(server.upgrades[0]?.url).toContain('token=good')
    expect(server.upgrades[0]?.headers.authorization).toBeUndefined()
    await open().ready()
    expect(server.upgrades[1]?.url).not.toContain('token')
    expect(server.upgrades[1]?.headers.authorization).toBe('Bearer good')
  })

  it('rejects with the server’s code', async () => {
    server.hook = ({ type, id }, socket) => {
      if (type !== 'send') return 'as usual'
      socket.send(JSON.stringify({ type: 'error', id, code: 'not-a-member', message: 'no' }))
      return 'ignore'
    }
    await expect(open().send({ user: 'bob' }, {})).rejects.toMatchObject({ code: 'not-a-member' })
  })

  it('[C16] says the same again when the server is busy, after its pause, with what was said meanwhile behind it', async () => {
    let busy = 2
    server.hook = ({ type, id }, socket) => {
      if (type !== 'send' || busy-- <= 0) return 'as usual'
      socket.send(JSON.stringify({ type: 'error', id, code: 'busy', message: 'later', retryAfterMs: 50 }))
      if (busy === 0) socket.send(JSON.stringify({ type: 'load', level: 4, shedding: ['messages'] }))
      return 'ignore'
    }
    const client = open()
    await client.ready()
    const refused = new Promise(resolve => client.on('load', resolve))
    const first = client.send({ user: 'bob' }, {}, { id: 'id-1' })
    const second = client.send({ user: 'bob' }, {}, { id: 'id-2' })
    await refused
    const third = client.send({ user: 'bob' }, {}, { id: 'id-3' })
    const sent = await Promise.all([first, second, third])
    expect(sent.map(({ id }) => id)).toEqual(['id-1', 'id-2', 'id-3'])
    const said = server.heard[0]!.flatMap(({ type, id }) => (type === 'send' ? [id] : []))
    expect(said.slice(0, 2)).toEqual(['id-1', 'id-2'])
    expect(said.slice(-3)).toEqual(['id-1', 'id-2', 'id-3'])
  })

  it('[C23] leaves nothing in a storage that turns out to be somebody else’s', async () => {
    const left = { id: 'id-1', text: JSON.stringify({ type: 'send', id: 'id-1', to: { user: 'carol' }, body: {} }) }
    const memory = memoryStorage([left], { user: 'bob', cursor: 'c1' })
    const client = open({ storage: memory.storage }) // the token is alice's
    const send = client.send({ user: 'bob' }, {}, { id: 'id-2' })
    memory.puts[0]!.kept()
    await expect(send).rejects.toMatchObject({ name: 'Closed', code: 0 })
    await expect(client.send({ user: 'bob' }, {}, { id: 'id-3' })).rejects.toMatchObject({ name: 'Closed', code: 0 })
    expect([...memory.kept.keys()]).toEqual(['id-1'])
    expect(server.heard.flat().filter(({ type }) => type === 'send')).toEqual([])
  })

  it('[C23] keeps in a storage what was asked as its owner, though a later token is somebody else’s', async () => {
    const memory = memoryStorage([], { user: 'bob' })
    let users = 0
    server.user = () => (users++ === 0 ? 'bob' : 'alice')
    const client = open({ storage: memory.storage })
    await client.ready()
    server.hook = ({ type }) => (type === 'send' ? 'ignore' : 'as usual')
    const send = client.send({ user: 'carol' }, {}, { id: 'id-1' })
    memory.puts[0]!.kept()
    server.drop()
    await expect(send).rejects.toMatchObject({ name: 'Closed', code: 0 })
    expect([...memory.kept.keys()]).toEqual(['id-1'])
  })

  it('[C23] keeps what was asked before the end, and not what is asked after it', async () => {
    server.hook = ({ type }) => (type === 'send' ? 'ignore' : 'as usual')
    const memory = memoryStorage()
    const client = open({ storage: memory.storage })
    const send = client.send({ user: 'bob' }, {}, { id: 'id-1' })
    memory.puts[0]!.kept()
    await Promise.all([client.close(), expect(send).rejects.toMatchObject({ name: 'Closed' })])
    await expect(client.send({ user: 'bob' }, {}, { id: 'id-2' })).rejects.toMatchObject({ name: 'Closed' })
    expect(memory.puts.map(({ id }) => id)).toEqual(['id-1'])
    expect([...memory.kept.keys()]).toEqual(['id-1'])
  })

  it('ends its iterators and rejects what waits when it is closed', async () => {
    server.hook = ({ type }) => (type === 'send' ? 'ignore' : 'as usual')
    const client = open()
    await client.ready()
    const [frames, states] = [client.frames(), client.events('connection')]
    const state = states.next()
    const send = client.send({ user: 'bob' }, {})
    await Promise.all([client.close(), expect(send).rejects.toMatchObject({ name: 'Closed' })])
    expect((await frames.next()).done).toBe(true)
    expect((await state).value).toMatchObject({ state: 'closed', why: { code: 1000 } })
    expect((await states.next()).done).toBe(true)
  })
})
