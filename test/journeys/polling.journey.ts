// The SDK where sockets are blocked: over a server as its users run it, and over boxes.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { ended, person, start, startServer, token, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})
const polling = { transport: 'poll', WebSocket: undefined } as const

describe('two people without sockets', () => {
  it('[L14] talk both ways: sent, message, delivered and read once each, seq without a gap', async () => {
    const people = { alice: await person(server, 'alice', polling), bob: await person(server, 'bob', polling) }
    const [alice, bob] = [people.alice.client, people.bob.client]
    bob.on('message', ({ conversation, seq }) => void setImmediate(() => bob.markRead(conversation, seq)))
    alice.on('message', ({ conversation, seq }) => void setImmediate(() => alice.markRead(conversation, seq)))
    for (let n = 0; n < 10; n++) {
      const [from, to] = n % 2 === 0 ? ([people.alice, 'bob'] as const) : ([people.bob, 'alice'] as const)
      const sent = await from.client.send({ user: to }, { text: `message ${n}` })
      expect(sent.seq).toBe(n + 1)
      await from.until(() => from.of('receipt').some(({ read }) => read === n + 1))
    }
    for (const who of ['alice', 'bob'] as const) {
      const other = who === 'alice' ? 'bob' : 'alice'
      const mine = [0, 2, 4, 6, 8].map(n => n + (who === 'alice' ? 1 : 2))
      expect(people[who].of('message').map(({ seq }) => seq)).toEqual(mine.map(n => (who === 'alice' ? n + 1 : n - 1)))
      const marks = people[who].of('receipt').filter(({ by }) => by === other)
      expect(marks.flatMap(({ read }) => read ?? [])).toEqual(mine)
      expect(marks.flatMap(({ delivered }) => delivered ?? [])).toEqual(mine)
    }
    await Promise.all([alice.close(), bob.close()])
  })

  it('[L14] edit, react, retract, type, watch, and are seen to leave', async () => {
    const [alma, ben] = [await person(server, 'alma', polling), await person(server, 'ben')]
    const { conversation, id } = await alma.client.send({ user: 'ben' }, { text: 'helo' })
    await alma.client.edit(conversation, id, { text: 'hello' })
    await ben.until(() => ben.of('edited').length === 1)
    await ben.client.react(conversation, id, '👋')
    await alma.until(() => alma.of('reacted').length === 1)
    await alma.client.retract(conversation, id)
    await ben.until(() => ben.of('retracted').length === 1)
    const typed = () => {
      ben.client.typing(conversation) // what is said in passing is let go of by a busy server
      return alma.of('typing').length
    }
    await expect.poll(typed).toBeGreaterThan(0)
    alma.client.watch(['ben'])
    ben.client.watch(['alma'])
    await alma.until(() => alma.of('presence').at(-1)?.state === 'online')
    await ben.until(() => ben.of('presence').at(-1)?.state === 'online')
    await alma.client.close()
    await ben.until(() => ben.of('presence').at(-1)?.state === 'offline')
    await ben.client.close()
  })

  it('[L14] who was away gets what was missed, in order, once, and goes on by socket from the same cursor', async () => {
    const { client: anna } = await person(server, 'anna')
    const phone = await person(server, 'bert', polling)
    await anna.send({ user: 'bert' }, { text: 'first' })
    await phone.until(() => phone.of('message').length === 1)
    await phone.client.close()
    const { cursor } = phone.client
    for (const text of ['while', 'you', 'were', 'out']) await anna.send({ user: 'bert' }, { text })
    for (const options of [polling, {}]) {
      const again = await person(server, 'bert', { ...options, cursor })
      await again.until(() => again.of('message').length === 4)
      expect(again.of('message').map(({ body }) => body?.['text'])).toEqual(['while', 'you', 'were', 'out'])
      expect(again.of('reset')).toEqual([])
      await again.client.close()
    }
    await anna.close()
  })

  it('[L14] a server that was killed is come back to; what was said meanwhile is one message', async () => {
    const [cleo, dan] = [await person(server, 'cleo', polling), await person(server, 'dan', polling)]
    await cleo.client.send({ user: 'dan' }, { text: 'before' })
    await dan.until(() => dan.of('message').length === 1)
    const { dataDir, url } = server
    await server.kill()
    const sent = cleo.client.send({ user: 'dan' }, { text: 'during' })
    server = await startServer({ dataDir, env: { PORT: new URL(url).port } })
    await dan.until(() => dan.of('message').length === 2)
    expect((await sent).seq).toBe(2)
    expect(dan.of('message').map(({ body }) => body?.['text'])).toEqual(['before', 'during'])
    await Promise.all([cleo.client.close(), dan.client.close()])
  })

  it('[L14] the terminal client polls where it is told to', async () => {
    const { client: eve, until, of } = await person(server, 'eve')
    const child = start('cli/main.js', ['chat', 'finn', '--to', 'eve', '--transport', 'poll', '--url', server.url])
    child.stdin!.end('hello from a pipe\n')
    expect(await ended(child)).toMatchObject({ code: 0 })
    await until(() => of('message').length === 1)
    expect(of('message')[0]).toMatchObject({ from: 'finn', body: { text: 'hello from a pipe' } })
    await eve.close()
  })

  it('[L14] a token that is not accepted ends it', async () => {
    const { connect } = await import('../../src/client/index.ts')
    const client = connect({ url: server.url, token: 'nonsense', ...polling })
    await expect(client.ready()).rejects.toMatchObject({ name: 'Closed', code: 401 })
  })
})

describe('with curl alone', () => {
  it('[L14] what the documentation says is so', async () => {
    const [alice, bob] = [await token(server.url, 'gina'), await token(server.url, 'hugo')]
    const curl = (...args: string[]) => spawnSync('curl', ['-s', ...args], { encoding: 'utf8' }).stdout
    const poll = (cursor = '') =>
      JSON.parse(
        curl('-H', `Authorization: Bearer ${bob}`, `${server.url}/v1/poll?wait=5${cursor && `&cursor=${cursor}`}`),
      ) as { frames: { type: string }[]; cursor: string }
    const frame = { type: 'send', id: crypto.randomUUID(), to: { user: 'hugo' }, body: { text: 'hi' } }
    const said = curl(
      ...['-H', `Authorization: Bearer ${alice}`, '-H', 'content-type: application/json'],
      ...['-d', JSON.stringify(frame), `${server.url}/v1/frames`],
    )
    const [{ position }] = (JSON.parse(said) as { frames: [{ position: string }] }).frames
    await api({ url: server.url, token: bob }).inbox({ atLeast: position })
    const first = poll()
    expect(first.frames.map(({ type }) => type)).toEqual(['welcome'])
    expect(poll(first.cursor).frames).toMatchObject([{ type: 'message', body: { text: 'hi' } }])
  })
})
