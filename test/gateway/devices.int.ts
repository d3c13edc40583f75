// Devices over a gateway: listed, signed out, and back with a newer token; and what each of them knows of the others.
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RawEvent } from '../../src/eventstore/index.ts'
import { freshStack, openBox, readAll } from '../support/stack.ts'
import { Client, openGateway, people, secret, type Box, type Row } from './support.ts'

const stack = freshStack()
let box: Box
let other: Box
let far: Awaited<ReturnType<typeof openBox>>

beforeAll(async () => {
  far = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
  ;[box, other] = await Promise.all([openGateway(stack), openGateway(far)])
})
afterAll(async () => {
  await Promise.all([box.gateway.close(), other.gateway.close()])
  await far.close()
})

const call = async (at: Box, method: string, path: string, token: string) => {
  const { status, json } = await at.http(method, path, { headers: { authorization: `Bearer ${token}` } })
  return { status, ...json } as { status: number; position: string; devices: Row[]; next: string | null } & Row
}
const open = async (at: Box, token: string): Promise<Client> => {
  const client = new Client(`${at.url.replace('http', 'ws')}/v1/socket?token=${token}`)
  await client.next('welcome')
  client.say({ type: 'ping' })
  return client
}
const list = async (at: Box, token: string, path = '/v1/me/devices') => {
  const more = path.includes('?') ? '&' : '?'
  const head = Math.max(stack.feed.head(), far.feed.head())
  return (await call(at, 'GET', `${path}${more}atLeast=${head}`, token)).devices
}
const told = async (user: string) => (await readAll(stack.store, `user-${user}`)).map(({ type }) => type)
const ends = async (user: string) =>
  (await readAll(stack.store, `session-${user}`))
    .filter(({ type }) => type === 'SessionClosed')
    .map(({ data }: RawEvent) => (data as Row)['why'])

describe('devices', () => {
  it('[Y1] are listed with their sessions, for their owner and for admins, page by page', async () => {
    const { ann, eve } = people('ann', 'eve')
    const [phone, laptop, admin] = await Promise.all([
      box.token(ann, ['user'], 'phone'),
      box.token(ann, ['user'], 'laptop'),
      box.token(eve, ['user', 'admin']),
    ])
    const open1 = await open(box, phone)
    const open2 = await open(other, phone)
    await (await open(box, laptop)).close()
    await expect.poll(() => ends(ann)).toEqual(['closed-by-client'])
    await expect.poll(async () => (await list(box, phone)).map(({ sessions }) => sessions)).toEqual([0, 2])
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string
    expect(await list(box, phone)).toEqual([
      { device: 'laptop', linkedAt: time, sessions: 0, lastSeenAt: time, current: false },
      { device: 'phone', linkedAt: time, sessions: 2, lastSeenAt: time, current: true },
    ])
    expect((await list(other, admin, `/v1/users/${ann}/devices`)).map(({ current }) => current)).toEqual([false, false])
    expect(await call(box, 'GET', '/v1/me/devices?limit=1', phone)).toMatchObject({ next: 'laptop' })
    expect(await list(box, phone, '/v1/me/devices?after=laptop')).toMatchObject([{ device: 'phone' }])
    expect(await call(box, 'GET', `/v1/users/${ann}/devices`, phone)).toMatchObject({ status: 403 })
    await Promise.all([open1.close(), open2.close()])
  })

  it('[Y2] [Y3] are signed out once, at every box: sockets close for good, old tokens are refused, others are not', async () => {
    const { ann } = people('ann')
    const [phone, laptop] = await Promise.all([box.token(ann, ['user'], 'phone'), box.token(ann, ['user'], 'laptop')])
    const [here, there, stays] = [await open(box, phone), await open(other, phone), await open(other, laptop)]
    const signOut = () => call(box, 'DELETE', '/v1/me/devices/phone', laptop)
    expect((await Promise.all([signOut(), signOut(), signOut()])).map(({ status }) => status)).toEqual([200, 200, 200])
    for (const { closed } of [here, there])
      expect(await closed).toEqual({ code: 4501, reason: expect.stringContaining('signed out') as string })
    expect((await told(ann)).filter(type => type === 'DeviceSignedOut')).toHaveLength(1)
    await expect.poll(() => ends(ann)).toEqual(['signed-out', 'signed-out'])
    for (const at of [box, other]) {
      expect(await call(at, 'GET', '/v1/inbox', phone)).toMatchObject({
        status: 401,
        detail: expect.stringMatching(/phone was signed out at .*issued before that/) as string,
      })
      const late = new Client(`${at.url.replace('http', 'ws')}/v1/socket?token=${phone}`)
      expect(await late.closed).toMatchObject({ code: 1006 })
    }
    expect((await list(other, laptop)).map(({ device }) => device)).toEqual(['laptop'])
    await stays.settled()
    await stays.close()
  })

  it('[Y4] come back with a token issued since, over HTTP or a socket, and are then linked once more', async () => {
    const { ann } = people('ann')
    const old = await box.token(ann, ['user'], 'phone')
    await (await open(box, old)).close()
    expect(await call(box, 'DELETE', '/v1/me/devices/phone', old)).toMatchObject({ status: 200 }) // itself
    await expect.poll(async () => (await call(other, 'GET', '/v1/inbox', old)).status).toBe(401)
    const fresh = await other.token(ann, ['user'], 'phone')
    const asked = await Promise.all([1, 2, 3].map(() => call(other, 'GET', '/v1/inbox', fresh)))
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 200])
    const back = await open(box, fresh)
    await expect.poll(async () => (await list(box, fresh)).map(({ sessions }) => sessions)).toEqual([1])
    expect(await told(ann)).toEqual(['UserRegistered', 'DeviceLinked', 'DeviceSignedOut', 'DeviceLinked'])
    expect(await call(box, 'GET', '/v1/inbox', old)).toMatchObject({ status: 401 })
    await call(box, 'DELETE', '/v1/me/devices/phone', fresh)
    expect(await back.closed).toMatchObject({ code: 4501 })
  })

  it('[Y3] whose tokens do not say when they were issued are out for good, those without a name too', async () => {
    const { ann } = people('ann')
    const bare = await new SignJWT({ roles: ['user'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(ann)
      .sign(Buffer.from(secret))
    expect(await call(box, 'GET', '/v1/inbox', bare)).toMatchObject({ status: 200 })
    await call(box, 'DELETE', '/v1/me/devices/default', bare)
    await expect.poll(async () => (await call(box, 'GET', '/v1/inbox', bare)).status).toBe(401)
    expect(await call(box, 'GET', '/v1/inbox', await box.token(ann))).toMatchObject({ status: 200 })
    expect(await call(box, 'GET', '/v1/inbox', bare)).toMatchObject({ status: 401 })
  })

  it('[Y5] are signed out by admins for others', async () => {
    const { ann, eve } = people('ann', 'eve')
    const [phone, admin] = await Promise.all([box.token(ann, ['user'], 'phone'), box.token(eve, ['admin'])])
    const client = await open(other, phone)
    expect(await call(box, 'DELETE', `/v1/users/${ann}/devices/phone`, phone)).toMatchObject({ status: 403 })
    expect(await call(box, 'DELETE', `/v1/users/${ann}/devices/phone`, admin)).toMatchObject({ status: 200 })
    expect(await client.closed).toMatchObject({ code: 4501 })
    const [event] = (await readAll(stack.store, `user-${ann}`)).slice(-1)
    expect(event).toMatchObject({ type: 'DeviceSignedOut', metadata: { actor: { user: eve } } })
  })

  it('[Y3] are known to a box that starts later', async () => {
    const { ann } = people('ann')
    const phone = await box.token(ann, ['user'], 'phone')
    const { position } = await call(box, 'DELETE', '/v1/me/devices/phone', phone)
    await stack.projections.reached(Number(position), 5_000)
    const late = await openBox(stack.storeUrl, stack.pool, stack.masterKey)
    const gateway = await openGateway(late)
    expect(await call(gateway, 'GET', '/v1/inbox', phone)).toMatchObject({ status: 401 })
    await gateway.gateway.close()
    await late.close()
  })

  it('[Y7] have each their own marks: delivered is the first device, read is any, and what each did is kept', async () => {
    const { ann, bob } = people('ann', 'bob')
    const [hers, tablet] = await Promise.all([box.connect(ann), box.connect(ann, { device: 'tablet' })])
    const [phone, laptop] = await Promise.all([box.connect(bob), other.connect(bob, { device: 'laptop' })])
    const { conversation, seq, id } = await hers.send({ user: bob }, 'hi')
    for (const device of [tablet, phone, laptop]) expect(await device.next('message')).toMatchObject({ seq })
    phone.say({ type: 'delivered', conversation, upTo: seq })
    expect(await hers.next('receipt')).toMatchObject({ by: bob, delivered: seq })
    laptop.say({ type: 'delivered', conversation, upTo: seq })
    laptop.say({ type: 'read', conversation, upTo: seq })
    expect(await hers.next('receipt')).toMatchObject({ by: bob, read: seq }) // the second delivery raised nothing
    expect(await phone.next('receipt', ({ read }) => read !== undefined)).toMatchObject({ by: bob, read: seq })
    phone.say({ type: 'read', conversation, upTo: seq })
    await phone.settled()
    const receipts = async () => {
      const path = `/v1/conversations/${conversation}/messages/${id}/receipts`
      const { json } = await box.http('GET', `${path}?atLeast=${stack.feed.head()}`, { as: ann })
      return (json['receipts'] as Row[]).filter(({ user }) => user === bob)
    }
    const time = expect.any(String) as string
    await expect
      .poll(receipts)
      .toEqual(
        ['laptop', 'phone'].map(device => expect.objectContaining({ device, delivered: time, read: time }) as unknown),
      )
    expect(hers.of('receipt')).toHaveLength(2)
    await Promise.all([hers, tablet, phone, laptop].map(client => client.close()))
  })
})
