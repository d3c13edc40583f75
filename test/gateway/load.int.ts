// Too much, on sockets: what is let go of at each level, that it comes back, and how it is counted.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { usualThresholds } from '../../src/gateway/load/levels.ts'
import type { Measures } from '../../src/gateway/load/load.ts'
import { readMetrics } from '../support/metrics.ts'
import { freshStack } from '../support/stack.ts'
import { type Box, openGateway, people, type Client } from './support.ts'

const stack = freshStack()
/** The delay of the loop that level 1 to 4 begin at. */
const at = [0, ...usualThresholds.loopMs]
let pressed: Partial<Measures> = {}
let box: Box
/** A box on which a message waits too long as soon as it waits: at level 4 all new ones are refused while others are under way. */
let strict: Box
beforeAll(async () => {
  const load = { thresholds: usualThresholds, pace: { riseMs: 0, fallMs: 50 }, lookMs: 10, mostWaitMs: 500 }
  const measure = () => ({ loopMs: 0, ...pressed })
  box = await openGateway(stack, { load }, measure)
  strict = await openGateway(stack, { load: { ...load, mostWaitMs: -1 } }, measure)
})
afterAll(async () => {
  await box.gateway.close()
  await strict.gateway.close()
})

/** A session whose first ping is answered: what `settled` waits for is what was said before it. */
async function come(where: Box, user: string): Promise<Client> {
  const client = await where.connect(user)
  await client.next('pong')
  return client
}

/** Presses until the level is told. */
async function level(to: number, ...clients: Client[]): Promise<void> {
  pressed = { loopMs: at[to]! }
  await Promise.all(clients.map(client => client.next('load', ({ level }) => level === to)))
}

const metrics = async (where: Box) => readMetrics((await where.http('GET', '/metrics')).text)
const grown = async (where: Box, ...names: string[]) => {
  const before = await metrics(where)
  return async () => {
    const after = await metrics(where)
    return names.map(name => after.get(`verbatim_${name}`)! - before.get(`verbatim_${name}`)!)
  }
}

describe('too much', () => {
  it('[H8] is told to all sessions at each change, and to who comes meanwhile after their welcome', async () => {
    const { alice, bob } = people('alice', 'bob')
    const first = await come(box, alice)
    await level(2, first)
    const second = await come(box, bob)
    const { shedding } = await second.next('load')
    expect(shedding).toEqual(['presence', 'typing'])
    expect(second.told.slice(0, 2).map(({ type }) => type)).toEqual(['welcome', 'load'])
    await level(0, first, second)
    expect(first.of('load').map(({ level }) => level)).toEqual([2, 1, 0])
    const third = await come(box, alice)
    await third.settled()
    expect(third.of('load')).toEqual([])
    await Promise.all([first, second, third].map(client => client.close()))
  })

  it('[H4] presence is not told at level 1, and is right afterwards', async () => {
    const { alice, bob } = people('alice', 'bob')
    const watcher = await come(box, alice)
    watcher.say({ type: 'watch', users: [bob] })
    expect(await watcher.next('presence')).toMatchObject({ state: 'offline' })
    const shed = await grown(box, 'shed_total{what="presence"}')
    await level(1, watcher)
    const watched = await come(box, bob)
    watched.say({ type: 'activity' })
    await expect.poll(shed).toEqual([1])
    expect(watcher.of('presence')).toHaveLength(1)
    await level(0, watcher)
    expect(await watcher.next('presence')).toMatchObject({ user: bob, state: 'online' })
    await Promise.all([watcher.close(), watched.close()])
  })

  it('[H5] typing is not told at level 2', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = [await come(box, alice), await come(box, bob)]
    const { conversation } = await hers.send({ user: bob }, 'hi')
    await his.next('message')
    const shed = await grown(box, 'shed_total{what="typing"}')
    await level(2, his)
    hers.say({ type: 'typing', conversation })
    await hers.send({ user: bob }, 'there') // later than the typing would be
    await his.next('message')
    expect(his.of('typing')).toEqual([])
    expect(await shed()).toEqual([1])
    await level(0, his)
    hers.say({ type: 'typing', conversation })
    expect(await his.next('typing')).toMatchObject({ user: alice })
    await Promise.all([hers.close(), his.close()])
  })

  it('[H6] marks wait at level 3, and are all told afterwards; a wrong one is refused then', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = [await come(box, alice), await come(box, bob)]
    const { conversation } = await hers.send({ user: bob }, 'one')
    await hers.send({ user: bob }, 'two')
    await hers.settled()
    await level(3, hers)
    his.say({ type: 'delivered', conversation, upTo: 1 })
    his.say({ type: 'delivered', conversation, upTo: 2 })
    his.say({ type: 'read', conversation, upTo: 1 })
    his.say({ type: 'read', conversation, upTo: 99 })
    await his.settled()
    expect((await metrics(box)).get('verbatim_marks_held')).toBe(2)
    await level(0, hers)
    expect(await hers.next('receipt', ({ delivered }) => delivered === 2)).toMatchObject({ by: bob })
    expect(await hers.next('receipt', ({ read }) => read === 1)).toMatchObject({ by: bob })
    expect(await his.next('error')).toMatchObject({ code: 'beyond-the-end' })
    await Promise.all([hers.close(), his.close()])
  })

  it('[H6] marks that wait are told when the box stops', async () => {
    const { alice, bob } = people('alice', 'bob')
    const load = { thresholds: usualThresholds, pace: { riseMs: 0, fallMs: 50 }, lookMs: 10, mostWaitMs: 500 }
    const other = await openGateway(stack, { load }, () => ({ loopMs: at[3]! }))
    const [hers, his] = [await come(box, alice), await come(other, bob)]
    const { conversation } = await hers.send({ user: bob }, 'hi')
    await his.next('message')
    his.say({ type: 'read', conversation, upTo: 1 })
    await his.settled()
    await other.gateway.close()
    expect(await hers.next('receipt', ({ read }) => read !== undefined)).toMatchObject({ by: bob, read: 1 })
    await hers.close()
  })

  it('[H7] new messages are refused at level 4 with a time, what was said before has its answer, and the same id is taken later', async () => {
    const { alice, bob } = people('alice', 'bob')
    const client = await come(strict, alice)
    const before = await client.send({ user: bob }, 'before')
    await client.settled()
    await level(4, client)
    const shed = await grown(strict, 'shed_total{what="messages"}', 'refused_total{code="busy"}')
    const id = randomUUID()
    client.say({ type: 'send', id, to: { user: bob }, body: { text: 'now' } })
    client.say({
      type: 'react',
      id: randomUUID(),
      conversation: before.conversation,
      message: before.id,
      reaction: '👍',
    })
    client.say({ type: 'send', id: before.id, to: { user: bob }, body: { text: 'again' } })
    const refused = await client.next('error')
    expect(refused).toMatchObject({ id, code: 'busy' })
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(await client.next('error')).toMatchObject({ code: 'busy' })
    expect(await client.next('sent')).toEqual({ ...before })
    expect(await shed()).toEqual([2, 2])
    await level(0, client)
    client.say({ type: 'send', id, to: { user: bob }, body: { text: 'now' } })
    expect(await client.next('sent', sent => sent.id === id)).toMatchObject({ seq: before.seq + 1 })
    await client.close()
  })

  it('[H7] at level 4 too what can be done is done: nothing is refused while nothing waits for long', async () => {
    const { alice, bob } = people('alice', 'bob')
    const client = await come(box, alice)
    await level(4, client)
    for (let n = 1; n <= 20; n++) expect((await client.send({ user: bob }, `${n}`)).seq).toBe(n)
    expect(client.of('error')).toEqual([])
    await level(0, client)
    await client.close()
  })
})

describe('who comes in', () => {
  it('[H9] waits in a short line; the rest is answered 503 with a time before there is a socket, and gets in then', async () => {
    const { alice } = people('alice')
    const door = await openGateway(stack, { admissionRate: 2 })
    const url = `${door.url.replace('http', 'ws')}/v1/socket?token=${await door.token(alice)}`
    const came = Array.from({ length: 12 }, () => {
      const ws = new WebSocket(url, 'verbatim.v1')
      ws.on('error', () => undefined)
      return new Promise<{ ws: WebSocket; status: number; retry: string | undefined; text: string }>(resolve => {
        ws.on('open', () => resolve({ ws, status: 101, retry: undefined, text: '' }))
        ws.on('unexpected-response', (_, response) => {
          let text = ''
          response.on('data', chunk => (text += String(chunk)))
          const { statusCode, headers } = response
          response.on('end', () => resolve({ ws, status: statusCode!, retry: headers['retry-after'], text }))
        })
      })
    })
    const answers = await Promise.all(came)
    const refused = answers.filter(({ status }) => status === 503)
    expect(answers.filter(({ status }) => status === 101).length + refused.length).toBe(12)
    expect(refused.length).toBeGreaterThan(0)
    for (const { retry, text } of refused) {
      expect(Number(retry)).toBeGreaterThanOrEqual(1)
      expect(JSON.parse(text)).toMatchObject({ code: 'busy', status: 503 })
    }
    const counts = await metrics(door)
    expect(counts.get('verbatim_sessions_admitted_total')).toBe(12 - refused.length)
    expect(counts.get('verbatim_sessions_refused_total')).toBe(refused.length)
    for (const { ws } of answers) ws.terminate()
    await door.gateway.close()
  })
})

describe('/metrics', () => {
  it('[H10] counts what was said and told, and names nobody', async () => {
    const { alice, bob } = people('alice', 'bob')
    const names = [
      'frames_in_total{type="send"}',
      'frames_in_total{type="none"}',
      'frames_out_total{class="message"}',
      'sent_total{type="send"}',
      'sent_seconds_count',
      'refused_total{code="bad-frame"}',
      'closed_total{code="1005"}',
    ]
    const counted = await grown(box, ...names)
    const [hers, his] = [await come(box, alice), await come(box, bob)]
    await hers.send({ user: bob }, 'a secret')
    await his.next('message')
    hers.say({ type: 'nonsense' })
    await hers.next('error')
    await expect.poll(async () => (await metrics(box)).get('verbatim_sessions')).toBe(2)
    await Promise.all([hers.close(), his.close()])
    await expect.poll(counted).toEqual([1, 1, 1, 1, 1, 1, 2])
    const { text, headers } = await box.http('GET', '/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    for (const word of [alice, bob, 'secret']) expect(text).not.toContain(word)
  })
})
