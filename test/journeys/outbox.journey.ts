// What was said and not answered outlives kill -9 of the app that said it: with what a file keeps, every message is there once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connect, type Events } from '../../src/client/index.ts'
import { fileStorage } from '../../src/client/node/index.ts'
import { startProxy } from '../support/proxy.ts'
import { seeded } from '../support/random.ts'
import { ended, freshFolder, person, start, startServer, token, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

const from = (path: string) => JSON.stringify(resolve(import.meta.dirname, '../..', path))

/** Says one message after the other, as fast as they are kept, and tells by lines what is kept and what became of it. */
const app = (url: string, bearer: string, file: string, run: number, say: number) => `
  import { connect } from ${from('dist/client/index.js')}
  import { fileStorage } from ${from('dist/client/node/index.js')}
  import { WebSocket } from ${from('node_modules/ws/wrapper.mjs')}
  const kept = await fileStorage(${JSON.stringify(file)})
  const tell = (...words) => process.stdout.write(words.join(' ') + '\\n')
  const storage = {
    frames: kept.frames, place: kept.place,
    put: frame => kept.put(frame).then(() => tell('kept', frame.id)),
    remove: id => kept.remove(id), keep: place => kept.keep(place), close: () => kept.close(),
  }
  const client = connect({ url: ${JSON.stringify(url)}, token: ${JSON.stringify(bearer)}, WebSocket, transport: 'socket', storage })
  client.on('outbox', ({ frame, sent }) => tell(sent ? 'sent' : 'refused', frame.id))
  for (let n = 0; n < ${say}; n++) {
    client.send({ user: 'bob' }, { text: '${run} ' + n }).catch(() => undefined)
    if (n % 3 === 2) await new Promise(setImmediate)
  }
  const check = () => client.pending().length === 0 ? client.close() : setTimeout(check, 20)
  if (${say} === 0) check()
  else setInterval(() => {}, 1000)
`

describe('an app that is killed between saying and being answered', () => {
  it('[C23] has in the end said every message that it kept, exactly once', async () => {
    const file = join(freshFolder(), 'alice.outbox')
    const bearer = await token(server.url, 'alice')
    const bob = await person(server, 'bob')
    const blocked = await startProxy(server.url)
    blocked.toSockets = 'swallow'
    const random = seeded('OUTBOX_SEED')
    const kept = new Set<string>()
    const answered = new Set<string>()

    const run = async (round: number, url: string, say: number, killAfter: number) => {
      const script = app(url, bearer, file, round, say)
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let lines = 0
      createInterface(child.stdout).on('line', line => {
        const [word, id] = line.split(' ')
        ;(word === 'kept' ? kept : answered).add(id!)
        if (word !== 'kept' && word !== 'sent') throw new Error(line)
        if (++lines === killAfter) child.kill('SIGKILL')
      })
      return (await once(child, 'close'))[0] as number | null
    }
    for (let round = 0; round < 16; round++) {
      const unreachable = round % 3 === 2
      const killAfter = 1 + random.below(40)
      expect(await run(round, unreachable ? blocked.url : server.url, 50, killAfter)).toBeNull()
    }
    expect(kept.size).toBeGreaterThan(answered.size)
    expect(await run(16, server.url, 0, Infinity)).toBe(0)

    // the last word: what its own client reads shows all that was said before it
    const alice = await person(server, 'alice')
    const { conversation } = await alice.client.send({ user: 'bob' }, { text: 'that is all' })
    const ids: string[] = []
    for (let after = -1; ;) {
      const page = await alice.client.messages(conversation, { after })
      if (page.length === 0) break
      ids.push(...page.map(({ id }) => id))
      after = page.at(-1)!.seq
    }
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of [...kept, ...answered]) expect(ids).toContain(id)
    await bob.until(() => bob.of('message').length >= ids.length)
    expect(bob.of('message').map(({ id }) => id)).toEqual(ids)
    await Promise.all([alice.client.close(), bob.client.close(), blocked.close()])
  })

  it('[C23] learns after a restart what became of what it had said, and goes on where it was', async () => {
    const file = join(freshFolder(), 'carl.outbox')
    const dora = await person(server, 'dora')
    const bearer = await token(server.url, 'carl')
    const blocked = await startProxy(server.url)
    blocked.toSockets = 'swallow'
    const first = connect({
      url: blocked.url,
      token: bearer,
      WebSocket,
      transport: 'socket',
      storage: await fileStorage(file),
    })
    const sent = crypto.randomUUID()
    const said = first.send({ user: 'dora' }, { text: 'hi' }, { id: sent })
    const nowhere = first.send({ conversation: crypto.randomUUID() }, { text: 'anybody?' })
    expect(first.pending().map(({ type }) => type)).toEqual(['send', 'send'])
    await Promise.all([
      first.close(),
      ...[said, nowhere].map(one => expect(one).rejects.toMatchObject({ name: 'Closed' })),
    ])

    const second = connect({ url: server.url, token: bearer, WebSocket, storage: await fileStorage(file) })
    const outcomes = second.events('outbox')
    expect(second.pending()).toHaveLength(2)
    const became = [(await outcomes.next()).value, (await outcomes.next()).value] as Events['outbox'][]
    expect(became.find(({ frame }) => frame.id === sent)).toMatchObject({
      frame: { body: { text: 'hi' } },
      sent: { seq: 1 },
    })
    expect(became.find(({ frame }) => frame.id !== sent)).toMatchObject({ refused: { code: 'unknown-conversation' } })
    await second.caughtUp()
    await second.close()

    const { conversation } = dora.of('message')[0]!
    await dora.client.send({ conversation }, { text: 'while you were away' })
    const third = await person(server, 'carl', { storage: await fileStorage(file) })
    // what it said itself in the run before may be told too: it was behind the cursor that was kept
    await third.until(() => third.of('message').at(-1)?.seq === 2)
    expect(third.client.pending()).toEqual([])
    expect(third.of('reset')).toEqual([])
    await third.client.close()

    const others = connect({
      url: server.url,
      token: await token(server.url, 'dora'),
      WebSocket,
      storage: await fileStorage(file),
    })
    await expect(others.ready()).rejects.toThrow('the storage is carl’s'.replace('’', "'"))
    await Promise.all([dora.client.close(), others.close(), blocked.close()])
  })
})

describe('the terminal client', () => {
  it('[C23] says when it is started again what was typed while the server was out of reach', async () => {
    const state = freshFolder()
    const proxy = await startProxy(server.url)
    const hugo = await person(server, 'hugo')
    const args = ['chat', 'gina', '--to', 'hugo', '--url', proxy.url, '--state', state, '--transport', 'socket']
    const first = start('cli/main.js', args)
    let shown = ''
    first.stdout!.on('data', data => (shown += String(data)))
    first.stdin!.write('before\n')
    await hugo.until(() => hugo.of('message').length === 1)
    proxy.toSockets = 'swallow'
    proxy.cut()
    while (!shown.includes('connection lost')) await new Promise(setImmediate)
    first.stdin!.write('out of reach\n')
    const file = join(state, encodeURIComponent(`gina@${new URL(proxy.url).host}`))
    while (!readFileSync(file, 'utf8').includes('out of reach')) await new Promise(setImmediate)
    first.kill('SIGKILL')
    await once(first, 'close')

    proxy.toSockets = 'pass'
    const second = start('cli/main.js', args)
    const over = ended(second)
    second.stdin!.end()
    expect(await over).toMatchObject({ code: 0, out: expect.stringContaining('sent #2 out of reach') as string })
    await hugo.until(() => hugo.of('message').length === 2)
    expect(hugo.of('message').map(({ body }) => body?.['text'])).toEqual(['before', 'out of reach'])
    await Promise.all([hugo.client.close(), proxy.close()])
  })
})

describe('the terminal client with somebody else’s token', () => {
  it('[C23] ends, and leaves the file to whom it is named after', async () => {
    const args = ['chat', 'ida', '--url', server.url, '--state', freshFolder()]
    const wrong = start('cli/main.js', [...args, '--token', await token(server.url, 'jens')])
    const refused = ended(wrong)
    wrong.stdin!.end()
    expect(await refused).toMatchObject({
      code: 1,
      err: expect.stringContaining("the token is jens's, not ida's") as string,
    })
    const right = start('cli/main.js', args)
    const over = ended(right)
    right.stdin!.end()
    expect(await over).toMatchObject({ code: 0 })
  })
})

describe('what was written', () => {
  it('[C29] is shown by what the same client reads next', async () => {
    const [emma, finn] = [await person(server, 'emma'), await person(server, 'finn')]
    for (let n = 0; n < 20; n++) {
      const { conversation } = await emma.client.send({ user: 'finn' }, { text: `${n}` })
      const [last] = await emma.client.messages(conversation, { limit: 1 })
      expect(last?.body).toEqual({ text: `${n}` })
      expect((await emma.client.inbox()).conversations[0]?.last?.body).toEqual({ text: `${n}` })
    }
    const { id } = await emma.client.startGroup({ name: 'tea', members: ['finn'] })
    expect((await emma.client.conversation(id)).name).toBe('tea')
    await emma.client.changeConversation(id, { name: 'coffee' })
    expect((await emma.client.conversation(id)).name).toBe('coffee')
    await emma.client.block('gus')
    expect(await emma.client.blocks()).toEqual(['gus'])
    await Promise.all([emma.client.close(), finn.client.close()])
  })
})

describe('whether one is current', () => {
  it('[C22] is said, and waited for, by socket and by polls', async () => {
    const ivy = await person(server, 'ivy')
    for (const transport of ['socket', 'poll'] as const) {
      const client = connect({
        url: server.url,
        token: await token(server.url, 'jack', ['user'], transport),
        WebSocket,
        transport,
      })
      const seen: boolean[] = []
      client.on('current', ({ current }) => seen.push(current))
      expect(client.current).toBe(false)
      await client.caughtUp()
      expect([client.current, seen]).toEqual([true, [true]])
      await client.close()
      expect([client.current, seen]).toEqual([false, [true, false]])
      await expect(client.caughtUp()).rejects.toMatchObject({ name: 'Closed' })
    }
    await ivy.client.close()
  })
})
