// What is particular to polls, over the real stack.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomBytes } from 'node:crypto'
import { freshDatabase } from '../support/postgres.ts'
import { startEventStore } from '../../src/embedded/index.ts'
import { openBox, readAll } from '../support/stack.ts'
import { PollingClient, type Polled } from './polling.ts'
import { type Box, openGateway, people } from './support.ts'

type Opened = Awaited<ReturnType<typeof openBox>>
const database = freshDatabase()
let node: Awaited<ReturnType<typeof startEventStore>>
let stacks: [Opened, Opened]
let box: Box
let other: Box
beforeAll(async () => {
  const masterKey = randomBytes(32)
  node = await startEventStore({ inMemory: true })
  const first = await openBox(node.url, database.pool, masterKey)
  stacks = [first, await openBox(node.url, database.pool, masterKey)]
  box = await openGateway(stacks[0])
  other = await openGateway(stacks[1])
})
afterAll(async () => {
  await Promise.all([box.gateway.close(), other.gateway.close()])
  for (const stack of stacks) await stack.close()
  await node.close()
})

const poll = async (as: string, cursor?: string, wait = 0, at = box) => {
  const answer = await at.http('GET', `/v1/poll?wait=${wait}${cursor === undefined ? '' : `&cursor=${cursor}`}`, { as })
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  return answer.json as unknown as Polled
}
const say = async (as: string, body: unknown, at = box) => {
  const answer = await at.http('POST', '/v1/frames', { as, body })
  expect(answer.status).toBe(200)
  return (answer.json as unknown as Polled).frames
}
const send = (to: string, text: string, id = randomUUID()) => ({ type: 'send', id, to: { user: to }, body: { text } })
const types = ({ frames }: Polled) => frames.map(({ type }) => type)
const texts = ({ frames }: Polled) => frames.map(frame => (frame.type === 'message' ? frame.body!['text'] : frame.type))
const code = ({ status, json }: { status: number; json: Record<string, unknown> }) =>
  `${status} ${String(json['code'])}`

describe('a poll', () => {
  it('[L7] without a cursor is answered at once with welcome; with one, with what came since, as soon as it comes', async () => {
    const { alice, bob } = people('alice', 'bob')
    const first = await poll(bob, undefined, 30)
    expect(types(first)).toEqual(['welcome'])
    const empty = await poll(bob, first.cursor)
    expect(empty.frames).toEqual([])
    const waiting = poll(bob, empty.cursor, 60)
    await say(alice, send(bob, 'hi'))
    expect(texts(await waiting)).toContain('hi')
  })

  it('[L8] with an older cursor is answered with the same frames again, from memory or the read models alike', async () => {
    const { alice, bob } = people('alice', 'bob')
    const { cursor } = await poll(bob, (await poll(bob)).cursor)
    await say(alice, [send(bob, 'one'), send(bob, 'two')])
    await stacks[0].projections.reached(stacks[0].feed.head(), 5000)
    const once = await poll(bob, cursor)
    expect(texts(once)).toEqual(['member', 'one', 'two'])
    expect(await poll(bob, cursor)).toEqual(once)
    const then = await poll(bob, once.cursor) // what is not after it is held no more
    expect(then.frames).toEqual([])
    const hinted = once.frames.map(frame => ({ ...frame, previous: undefined })) // which is there live alone
    expect((await poll(bob, cursor)).frames).toEqual(hinted)
    const ofOne = once.frames.find(frame => frame.type === 'message')!
    expect(texts(await poll(bob, ofOne.cursor))).toEqual(['two'])
  })

  it('[L8] whose answer was lost is told again, what has no place in the log too', async () => {
    const { alice, bob } = people('alice', 'bob')
    const first = await poll(bob)
    await say(bob, { type: 'watch', users: [alice] })
    const empty = await poll(bob, first.cursor, 60)
    expect(types(empty)).toEqual(['presence'])
    expect(await poll(bob, first.cursor)).toEqual(empty)
    expect(types(await poll(bob, empty.cursor))).toEqual([])
  })

  it('[L9] takes the place of an earlier one of its device, which is answered empty', async () => {
    const { alice, bob } = people('alice', 'bob')
    const { cursor } = await poll(bob, (await poll(bob)).cursor)
    const older = poll(bob, cursor, 60)
    await new Promise(setImmediate)
    const newer = poll(bob, cursor, 60)
    const left = await Promise.race([older, newer])
    expect(left).toEqual({ frames: [], cursor, replaced: true })
    await say(alice, send(bob, 'hi'))
    const told = await Promise.all([older, newer])
    expect(told.filter(({ replaced }) => replaced)).toHaveLength(1)
    expect(told.flatMap(texts)).toContain('hi')
  })

  it('[L10] that is malformed is refused: wait, cursor, token, role', async () => {
    for (const query of ['wait=61', 'wait=-1', 'wait=x', 'wait=1&wait=2', 'cursor=a&cursor=b'])
      expect(code(await box.http('GET', `/v1/poll?${query}`, { as: 'alice' }))).toBe('400 bad-request')
    expect(code(await box.http('GET', '/v1/poll'))).toBe('401 unauthorized')
    expect(code(await box.http('GET', '/v1/poll', { as: 'eve', roles: ['auditor'] }))).toBe('403 wrong-role')
  })

  it('[L11] keeps its session, and is no activity', async () => {
    const { alice } = people('alice')
    const first = await poll(alice)
    await poll(alice, first.cursor)
    await say(alice, { type: 'ping' })
    const events = await readAll(stacks[0].store, `session-${alice}`)
    expect(events.map(({ type }) => type)).toEqual(['SessionOpened'])
    expect(await readAll(stacks[0].store, `activity-${alice}`)).toEqual([])
    await box.http('DELETE', '/v1/poll', { as: alice })
    await say(alice, { type: 'activity' }) // another session, without a word
    expect((await readAll(stacks[0].store, `session-${alice}`)).map(({ type }) => type)).toEqual([
      'SessionOpened',
      'SessionClosed',
      'SessionOpened',
    ])
    const then = await poll(alice, first.cursor)
    expect(types(then)).toEqual(['welcome'])
  })
})

describe('a device that is signed out', () => {
  it('[Y3] is told so by its poll, at every box, and comes back with a newer token', async () => {
    const { bob } = people('bob')
    const tokens = [await box.token(bob), await box.token(bob)]
    const here = new PollingClient(() => box.url, tokens[0]!)
    const there = new PollingClient(() => other.url, tokens[1]!)
    await Promise.all([here.next('welcome'), there.next('welcome')])
    expect((await box.http('DELETE', '/v1/me/devices/default', { as: bob })).status).toBe(200)
    expect(await Promise.all([here.closed, there.closed])).toEqual([{ code: 401 }, { code: 401 }])
    const ends = async () =>
      (await readAll(stacks[0].store, `session-${bob}`)).flatMap(({ data }) => (data as { why?: string }).why ?? [])
    await expect.poll(ends).toEqual(['signed-out', 'signed-out'])
    expect(types(await poll(bob))).toEqual(['welcome'])
  })
})

describe('frames', () => {
  it('[L12] said in one request are answered in their order, errors among them', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, b] = [send(bob, 'a'), send(bob, 'b')]
    const answers = await say(alice, [a, 5, { type: 'activity' }, { type: 'ping' }, b, { type: 'resume', cursor: '' }])
    expect(answers.map(({ type }) => type)).toEqual(['sent', 'error', 'pong', 'sent', 'error'])
    expect(answers.flatMap(frame => (frame.type === 'sent' ? frame.id : []))).toEqual([a.id, b.id])
    expect(await say(alice, a)).toEqual([answers[0]])
    expect(await say(alice, [])).toEqual([])
  })

  it('[L12] that are too many or too large, or no JSON, are refused', async () => {
    const as = 'alice'
    const post = (body: unknown, headers = {}) => box.http('POST', '/v1/frames', { as, body, headers })
    expect(code(await post('{'))).toBe('400 bad-request')
    expect(code(await post(''))).toBe('400 bad-request')
    expect(code(await post({ type: 'ping' }, { 'content-type': 'text/plain' }))).toBe('415 wrong-type')
    expect(code(await post(Array(101).fill({ type: 'ping' })))).toBe('413 too-large')
    expect(code(await post(`"${'x'.repeat(1024 * 1024)}"`))).toBe('413 too-large')
    const [large] = await say(as, { type: 'watch', users: Array<string>(3000).fill('x'.repeat(60)) })
    expect(large).toMatchObject({ type: 'error', code: 'too-large' })
  })
})

describe('two boxes', () => {
  it('[L13] that take turns under traffic: nothing is missed, and nothing told twice', async () => {
    const { alice, bob } = people('alice', 'bob')
    let turn = 0
    const urls = () => [box, other][turn++ % 2]!.url
    const his = new PollingClient(urls, await box.token(bob))
    await his.next('welcome')
    await his.settled()
    const sent: string[] = []
    for (let n = 0; n < 60; n++) {
      const at = n % 3 === 0 ? other : box
      const many = Array.from({ length: 5 }, (_, m) => send(bob, `${n} ${m}`))
      for (const answer of await say(alice, many, at)) if (answer.type === 'sent') sent.push(answer.id)
      if (n % 5 === 0) his.interrupt()
    }
    expect(sent).toHaveLength(300)
    while (his.of('message').length < 300) await his.next('message')
    await his.settled()
    expect(his.of('message').map(({ id }) => id)).toEqual(sent)
    expect(new Set(his.of('welcome').map(({ session }) => session)).size).toBe(2)
    const polls = turn
    await his.settled()
    expect(turn - polls).toBeLessThan(10) // who takes turns waits, as others do
    await his.close()
  })
})
