// Blocks and privacy, over sockets and HTTP, and over several boxes.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asker, freshStack, openBox, readAll } from '../support/stack.ts'
import { type Answer, type Box, type Client, openGateway, people } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack, { onlineWindowMs: 10 * 60_000 })
})
afterAll(() => box.gateway.close())

const code = ({ status, json }: Answer) => `${status} ${status < 400 ? 'fine' : String(json['code'])}`
const block = (as: string, whom: string) => box.http('PUT', `/v1/users/${whom}/block`, { as })
const unblock = (as: string, whom: string) => box.http('DELETE', `/v1/users/${whom}/block`, { as })
const show = (as: string, lastSeen: string) => box.http('PATCH', '/v1/me/privacy', { as, body: { lastSeen } })
const start = async (as: string, members: string[]) =>
  await box.http('POST', '/v1/conversations', { as, body: { kind: 'group', name: 'tea', members } })
/** A send's answer, or the refusal's code. */
const send = async (client: Client, to: object, id = randomUUID()) => {
  client.say({ type: 'send', id, to, body: { text: 'hi' } })
  return Promise.race([
    client.next('sent', sent => sent.id === id),
    client.next('error', error => error.id === id).then(({ code }) => code),
  ])
}
const presence = async (as: string, of: string) =>
  (await box.http('GET', `/v1/users/${of}/presence?atLeast=${stack.feed.head()}`, { as })).json

describe('who is blocked', () => {
  it('[B2] is refused where they write to the blocker, by name or by conversation; groups in common go on', async () => {
    const { ann, bob } = people('ann', 'bob')
    const [hers, his] = await Promise.all([box.connect(ann), box.connect(bob)])
    const before = randomUUID()
    const first = await send(hers, { user: bob }, before)
    const { conversation, seq } = first as { conversation: string; seq: number }
    const group = (await start(bob, [ann])).json['id']
    expect(code(await block(bob, ann))).toBe('200 fine')
    expect(await send(hers, { user: bob })).toBe('blocked')
    expect(await send(hers, { conversation })).toBe('blocked')
    expect(await send(hers, { user: bob }, before)).toEqual(first) // the same id has its first answer
    expect(await send(hers, { conversation: group })).toMatchObject({ type: 'sent' })
    expect(await send(his, { user: ann })).toMatchObject({ type: 'sent' })
    hers.say({ type: 'typing', conversation })
    expect(await hers.next('error')).toMatchObject({ code: 'blocked' })
    hers.say({ type: 'read', conversation, upTo: seq }) // what was said is still theirs to read
    await his.next('receipt')
    expect(code(await start(ann, [bob]))).toBe('403 blocked')
    const own = (await start(ann, [])).json['id'] as string
    const add = { as: ann, body: { user: bob } }
    expect(code(await box.http('POST', `/v1/conversations/${own}/members`, add))).toBe('403 blocked')
    expect(code(await unblock(bob, ann))).toBe('200 fine')
    expect(await send(hers, { user: bob })).toMatchObject({ type: 'sent', conversation })
    expect(code(await box.http('POST', `/v1/conversations/${own}/members`, add))).toBe('201 fine')
  })

  it('[B1] is on the blocker’s list, once, until unblocked', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const list = async () =>
      (await box.http('GET', `/v1/blocks?atLeast=${stack.feed.head()}`, { as: bob })).json['blocked']
    for (const whom of [ann, eve, ann]) await block(bob, whom)
    expect(await list()).toEqual([ann, eve])
    const { position } = (await unblock(bob, ann)).json
    await unblock(bob, ann)
    await stack.projections.reached(Number(position), 5000)
    expect(await list()).toEqual([eve])
    expect(code(await block(bob, bob))).toBe('403 not-allowed')
    expect(code(await block(bob, 'b%20b'))).toBe('400 bad-request')
    expect((await readAll(stack.store, `user-${bob}`)).map(({ type }) => type)).toEqual([
      'UserBlocked',
      'UserBlocked',
      'UserUnblocked',
    ])
  })

  it('[B2] is so at every box, also at one that starts later', async () => {
    const { ann, bob } = people('ann', 'bob')
    const other = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    const to = () => ({ id: randomUUID(), to: { user: bob }, body: '{}' })
    const { position } = (await block(bob, ann)).json
    await other.projections.reached(Number(position), 5000)
    expect(await other.commands.sendMessage(asker(ann), to())).toMatchObject({ refused: 'blocked' })
    await other.close()
    const late = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    expect(await late.commands.sendMessage(asker(ann), to())).toMatchObject({ refused: 'blocked' })
    const unblocked = await late.commands.unblock(asker(bob), { user: ann })
    await stack.projections.reached((unblocked as { position: number }).position, 5000)
    expect(await stack.commands.sendMessage(asker(ann), to())).toMatchObject({ seq: 1 })
    await late.close()
  })
})

describe('who may see when somebody was there', () => {
  it('[B3] is everyone, whoever shares a conversation, or nobody, as they have it', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const [hers, his] = await Promise.all([box.connect(ann), box.connect(bob)])
    const group = (await start(ann, [bob])).json['id'] as string
    his.say({ type: 'activity' })
    for (const client of [hers]) client.say({ type: 'watch', users: [bob] })
    await hers.next('presence', ({ state }) => state === 'online')
    const states = async () => [await presence(ann, bob), await presence(eve, bob)].map(({ state }) => state)
    expect(await states()).toEqual(['online', 'online'])
    expect((await box.http('GET', '/v1/me/privacy', { as: bob })).json).toEqual({ lastSeen: 'everyone' })
    await show(bob, 'contacts')
    expect(await presence(eve, bob)).toEqual({ user: bob, state: 'offline', lastSeen: null })
    expect(await states()).toEqual(['online', 'offline'])
    await show(bob, 'nobody')
    expect(await hers.next('presence')).toEqual({ type: 'presence', user: bob, state: 'offline', lastSeen: null })
    expect(await states()).toEqual(['offline', 'offline'])
    expect(await presence(bob, bob)).toMatchObject({ state: 'online' })
    await show(bob, 'contacts')
    expect(await hers.next('presence')).toMatchObject({ state: 'online' })
    await box.http('DELETE', `/v1/conversations/${group}/members/${bob}`, { as: bob })
    expect(await hers.next('presence')).toMatchObject({ state: 'offline', lastSeen: null })
    expect(code(await show(bob, 'friends'))).toBe('400 bad-request')
    const { json } = await box.http('GET', `/v1/me/privacy?atLeast=${stack.feed.head()}`, { as: bob })
    expect(json).toEqual({ lastSeen: 'contacts' })
  })

  it('[B3] is nobody whom they have blocked', async () => {
    const { ann, bob } = people('ann', 'bob')
    const [hers, his] = await Promise.all([box.connect(ann), box.connect(bob)])
    hers.say({ type: 'watch', users: [bob] })
    await hers.next('presence')
    his.say({ type: 'activity' })
    expect(await hers.next('presence')).toMatchObject({ state: 'online' })
    await block(bob, ann)
    expect(await hers.next('presence')).toEqual({ type: 'presence', user: bob, state: 'offline', lastSeen: null })
    expect(await presence(ann, bob)).toEqual({ user: bob, state: 'offline', lastSeen: null })
    const again = await box.connect(ann)
    again.say({ type: 'watch', users: [bob] })
    expect(await again.next('presence')).toMatchObject({ state: 'offline', lastSeen: null })
    await unblock(bob, ann)
    expect(await hers.next('presence')).toMatchObject({ lastSeen: expect.any(String) as string })
  })
})
