// The chat queue over the real stack: pushed again until somebody acknowledges, or given up.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PollingClient } from './polling.ts'
import { freshStack, readAll } from '../support/stack.ts'
import { openGateway, people, type Box, type Client } from './support.ts'

const stack = freshStack()
let one: Box
let other: Box
beforeAll(async () => {
  const policy = { deliveryAttempts: 3, deliveryBackoffMs: 50 }
  ;[one, other] = await Promise.all([openGateway(stack, policy), openGateway(stack, policy)])
})
afterAll(() => Promise.all([one.gateway.close(), other.gateway.close()]))

const failures = async (conversation: string) =>
  (await readAll(stack.store, `conversation-${conversation}`)).filter(({ type }) => type === 'DeliveryFailed')
const messages = (client: Client, id: string) => client.of('message').filter(message => message.id === id)

describe('a message that no device acknowledges', () => {
  it('[D8] is pushed as often as the policy says, then its author is told once, on all devices', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, laptop, b] = await Promise.all([
      one.connect(alice),
      other.connect(alice, { device: 'laptop' }),
      one.connect(bob),
    ])
    await Promise.all([a, laptop, b].map(client => client.settled()))
    const { id, conversation, seq } = await a.send({ user: bob }, 'hi')
    const told = await a.next('failed')
    expect(told).toMatchObject({ id, conversation, seq, to: bob, reason: 'not-acknowledged', attempts: 3 })
    expect(await laptop.next('failed')).toEqual(told)
    expect(messages(b, id)).toHaveLength(3)
    expect(new Set(messages(b, id).map(({ body }) => JSON.stringify(body)))).toEqual(new Set(['{"text":"hi"}']))
    expect(b.of('failed')).toEqual([])
    expect(await failures(conversation)).toHaveLength(1)

    // it stays in the history, the receipts show it, and who comes anew is not told it
    const { position } = (await failures(conversation))[0]!
    const asBob = await one.http('GET', `/v1/conversations/${conversation}/messages?atLeast=${position}`, { as: bob })
    expect(asBob.json['messages']).toMatchObject([{ id, body: { text: 'hi' } }])
    const receipts = () => one.http('GET', `/v1/conversations/${conversation}/messages/${id}/receipts`, { as: alice })
    expect((await receipts()).json).toMatchObject({
      receipts: [],
      failed: [{ user: bob, reason: 'not-acknowledged', attempts: 3 }],
    })
    const anew = await one.connect(bob, { device: 'desk' })
    await anew.settled()
    const next = await a.send({ user: bob }, 'still there?')
    await anew.next('message', message => message.id === next.id)
    expect(messages(anew, id)).toEqual([])

    // a late acknowledgement counts
    anew.say({ type: 'delivered', conversation, upTo: next.seq })
    expect(await a.next('receipt')).toMatchObject({ by: bob, delivered: next.seq })
    const later = await a.send({ user: bob }, 'good')
    await one.http('GET', `/v1/inbox?atLeast=${later.position}`, { as: alice })
    expect((await receipts()).json).toMatchObject({
      receipts: [{ user: bob, device: 'desk' }],
      failed: [{ user: bob }],
    })
  })

  it('[D8] who resumes is told of it', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, desk, b] = await Promise.all([
      one.connect(alice),
      other.connect(alice, { device: 'desk' }),
      one.connect(bob),
    ])
    const { cursor } = a.of('welcome')[0]!
    const { id } = await a.send({ user: bob }, 'hi')
    await a.close()
    const told = await desk.next('failed')
    const back = await other.connect(alice, { quiet: true })
    back.say({ type: 'resume', cursor })
    expect(await back.next('failed')).toEqual(told)
    expect(told).toMatchObject({ id, to: bob })
    const behind = await one.connect(bob, { device: 'desk', quiet: true })
    behind.say({ type: 'resume', cursor: b.of('welcome')[0]!.cursor })
    await behind.next('resumed')
    expect([...b.of('failed'), ...behind.of('failed')]).toEqual([])
  })

  it('[D9] is pushed no more once any device has acknowledged it, at any box', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, b, desk] = await Promise.all([
      one.connect(alice),
      one.connect(bob),
      other.connect(bob, { device: 'desk' }),
    ])
    const { id, conversation, seq } = await a.send({ user: bob }, 'hi')
    await b.next('message')
    await b.next('message') // again
    desk.say({ type: 'delivered', conversation, upTo: seq })
    await a.next('receipt')
    const pushed = messages(b, id).length
    const silent = await a.send({ user: bob }, 'and this?')
    expect(await a.next('failed')).toMatchObject({ id: silent.id, to: bob })
    expect(messages(b, id).length - pushed).toBeLessThanOrEqual(1) // one may have been under way
    expect(await failures(conversation)).toHaveLength(1)
  })

  it('[D9] is pushed again at the box where its recipient has come to', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, b] = await Promise.all([one.connect(alice), one.connect(bob)])
    const { cursor } = b.of('welcome')[0]!
    const { id, conversation, seq } = await a.send({ user: bob }, 'hi')
    const first = await b.next('message')
    await b.close()
    expect(first.cursor).not.toBe(cursor)
    const back = await other.connect(bob, { quiet: true })
    back.say({ type: 'resume', cursor: first.cursor }) // it has the message, and never said so
    const again = await back.next('message')
    expect(again).toMatchObject({ id, seq, body: { text: 'hi' } })
    back.say({ type: 'delivered', conversation, upTo: seq })
    await a.next('receipt')
    expect(await failures(conversation)).toEqual([])
  })

  it('[D9] is pushed again to who polls, too, and given up', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, token] = await Promise.all([one.connect(alice), one.token(bob)])
    const polling = new PollingClient(() => one.url, token)
    await polling.next('welcome')
    const { id, conversation, seq } = await a.send({ user: bob }, 'hi')
    for (let push = 0; push < 3; push++)
      expect(await polling.next('message')).toMatchObject({ id, body: { text: 'hi' } })
    expect(await a.next('failed')).toMatchObject({ id, to: bob, attempts: 3 })
    const next = await a.send({ user: bob }, 'and this?')
    await polling.next('message', message => message.id === next.id)
    await polling.next('message', message => message.id === next.id)
    polling.say({ type: 'delivered', conversation, upTo: next.seq })
    expect(await a.next('receipt')).toMatchObject({ by: bob, delivered: next.seq })
    expect(polling.of('message').filter(message => message.id === id)).toHaveLength(3)
    expect(seq).toBeLessThan(next.seq)
    await polling.close()
  })

  it('[D4] waits for nobody in a group that keeps no delivered marks', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [a, b] = await Promise.all([one.connect(alice), one.connect(bob)])
    const group = { id: randomUUID(), kind: 'group', name: 'tea', members: [bob] }
    await one.http('POST', '/v1/conversations', { as: alice, body: group })
    const { id } = await a.send({ conversation: group.id }, 'hi all')
    await b.next('message', message => message.id === id)
    const direct = await a.send({ user: bob }, 'you?')
    expect(await a.next('failed')).toMatchObject({ id: direct.id })
    expect(messages(b, id)).toHaveLength(1)
    expect(await failures(group.id)).toEqual([])
  })
})
