// Groups over sockets and HTTP: who comes, goes, and may what; what a conversation is called and how long it keeps things.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshStack } from '../support/stack.ts'
import { type Answer, type Box, type Client, openGateway, people, type Row } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack)
})
afterAll(() => box.gateway.close())

const code = ({ status, json }: Answer) => `${status} ${status < 400 ? 'fine' : String(json['code'])}`
const start = async (as: string, members: string[], more: object = {}) =>
  (await box.http('POST', '/v1/conversations', { as, body: { kind: 'group', name: 'tea', members, ...more } })).json[
    'id'
  ] as string
const members = (id: string) => `/v1/conversations/${id}/members`
const add = (as: string, id: string, user: string, role?: string) =>
  box.http('POST', members(id), { as, body: { user, role } })
const remove = (as: string, id: string, user: string) => box.http('DELETE', `${members(id)}/${user}`, { as })
const change = (as: string, id: string, body: object) => box.http('PATCH', `/v1/conversations/${id}`, { as, body })
const shape = (frames: object[]) => frames.map(frame => ({ ...frame, at: 0, cursor: '' }))

/** All frames of a conversation that a session got, and, at the end, those a new one gets that resumes from where it began. */
async function againBy(client: Client, user: string, conversation: string) {
  await stack.projections.reached(stack.feed.head(), 5000)
  const late = await box.connect(user, { device: 'late', quiet: true })
  late.say({ type: 'resume', cursor: client.of('welcome')[0]!.cursor })
  await late.next('resumed')
  await late.close()
  const of = (frames: object[]) => frames.filter(frame => (frame as Row)['conversation'] === conversation)
  return { live: of(client.told), late: of(late.told) }
}

describe('a group', () => {
  it('[Q3] tells a removed member of the removal and of nothing after it; who is let in again sees both times', async () => {
    const { olga, mia, max } = people('olga', 'mia', 'max')
    const [hers, his] = await Promise.all([box.connect(mia), box.connect(max)])
    const owner = await box.connect(olga)
    const id = await start(olga, [mia, max])
    const say = (text: string) => owner.send({ conversation: id }, text)
    await say('one')
    expect(code(await remove(olga, id, mia))).toBe('200 fine')
    await say('two')
    expect(code(await add(olga, id, mia))).toBe('201 fine')
    const { seq, position } = await say('three')
    await hers.next('message', frame => frame.seq === seq)
    expect(hers.of('message').map(({ body }) => body?.['text'])).toEqual(['one', 'three'])
    expect(shape(hers.of('member'))).toEqual([
      { type: 'member', conversation: id, seq: 0, user: mia, change: 'joined', role: 'member', at: 0, cursor: '' },
      { type: 'member', conversation: id, seq: 2, user: mia, change: 'removed', by: olga, at: 0, cursor: '' },
      {
        ...{ type: 'member', conversation: id, seq: 4, user: mia, change: 'joined' },
        ...{ role: 'member', by: olga, at: 0, cursor: '' },
      },
    ])
    await his.next('message', frame => frame.seq === seq)
    expect(his.of('member').map(({ user, change }) => `${user} ${change}`)).toEqual([
      `${max} joined`,
      `${mia} removed`,
      `${mia} joined`,
    ])
    const page = await box.http('GET', `/v1/conversations/${id}/messages?atLeast=${position}`, { as: mia })
    expect((page.json['messages'] as Row[]).map(({ seq }) => seq)).toEqual([1, 5])
    for (const [client, user] of [[hers, mia] as const, [his, max] as const]) {
      const { live, late } = await againBy(client, user, id)
      expect(late).toEqual(live)
    }
  })

  it('[Q1] roles are given by owners, and told to everybody', async () => {
    const { olga, adam, mia } = people('olga', 'adam', 'mia')
    const hers = await box.connect(mia)
    const id = await start(olga, [adam, mia])
    expect(code(await add(olga, id, adam, 'admin'))).toBe('201 fine')
    expect(code(await add(adam, id, mia, 'admin'))).toBe('403 not-allowed')
    expect(code(await add(olga, id, mia, 'king'))).toBe('400 bad-request')
    expect(code(await remove(adam, id, olga))).toBe('403 not-allowed')
    expect(code(await remove(olga, id, olga))).toBe('200 fine') // the last owner leaves: the admin follows
    expect(await hers.next('member', ({ change }) => change === 'left')).toMatchObject({ user: olga })
    await hers.next('member', ({ role }) => role === 'owner')
    expect(hers.of('member').filter(({ change }) => change === 'role')).toMatchObject([
      { user: adam, role: 'admin', by: olga },
      { user: adam, role: 'owner' },
    ])
    const { live, late } = await againBy(hers, mia, id)
    expect(late).toEqual(live)
    const { json } = await box.http('GET', `/v1/conversations/${id}`, { as: adam })
    expect(json['members']).toEqual([
      { user: adam, role: 'owner' },
      { user: mia, role: 'member' },
    ])
    expect(code(await remove(adam, id, mia))).toBe('200 fine')
  })

  it('[Q4] its name, retention and marks are changed by owners and admins, and told to the members', async () => {
    const { olga, mia } = people('olga', 'mia')
    const hers = await box.connect(mia)
    const id = await start(olga, [mia])
    const retention = { mode: 'temporary', ttl: '24h' }
    const changed = await change(olga, id, { name: 'coffee', retention, delivered: true })
    expect(code(changed)).toBe('200 fine')
    await hers.next('changed', ({ delivered }) => delivered === true)
    expect(shape(hers.of('changed'))).toEqual([
      { type: 'changed', conversation: id, seq: 1, by: olga, name: 'coffee', at: 0, cursor: '' },
      { type: 'changed', conversation: id, seq: 2, by: olga, retention, at: 0, cursor: '' },
      { type: 'changed', conversation: id, seq: 3, by: olga, delivered: true, at: 0, cursor: '' },
    ])
    const { live, late } = await againBy(hers, mia, id)
    expect(late).toEqual(live)
    const atLeast = String(changed.json['position'])
    const { json } = await box.http('GET', `/v1/conversations/${id}?atLeast=${atLeast}`, { as: mia })
    expect(json).toMatchObject({ name: 'coffee', retention, delivered: true, seq: 3 })
    expect(code(await change(mia, id, { name: 'mine' }))).toBe('403 not-allowed')
    expect(code(await change(people('eve').eve, id, { name: 'mine' }))).toBe('404 unknown-conversation')
    expect(code(await change(olga, 'no-uuid', { name: 'mine' }))).toBe('404 unknown-conversation')
    for (const body of [
      { name: '' },
      { title: 'x' },
      { retention: { mode: 'temporary', ttl: '10ms' } },
      { retention: { mode: 'temporary', ttl: '999999999d' } },
      { name: ' ' },
      { delivered: 1 },
    ])
      expect(code(await change(olga, id, body))).toBe('400 bad-request')
  })

  it('[Q5] a direct chat is changed by either', async () => {
    const { olga, mia } = people('olga', 'mia')
    const hers = await box.connect(olga)
    const { conversation } = await hers.send({ user: mia }, 'hi')
    expect(code(await change(mia, conversation, { retention: { mode: 'temporary', ttl: '10s' } }))).toBe('200 fine')
    const { seq } = await hers.send({ user: mia }, 'soon gone')
    expect(seq).toBe(3)
  })

  it('[Q6] a message of a temporary conversation says when its time is over, everywhere the same', async () => {
    const { olga, mia } = people('olga', 'mia')
    const hers = await box.connect(mia)
    const owner = await box.connect(olga)
    const id = await start(olga, [mia], { retention: { mode: 'temporary', ttl: '1h' } })
    const first = await owner.send({ conversation: id }, 'an hour')
    await change(olga, id, { retention: { mode: 'permanent' } })
    await owner.send({ conversation: id }, 'for ever')
    await change(olga, id, { retention: { mode: 'temporary', ttl: '2h' } })
    const last = await owner.send({ conversation: id }, 'two hours')
    await hers.next('message', ({ seq }) => seq === last.seq)
    const later = (at: string, hours: number) => new Date(Date.parse(at) + hours * 3_600_000).toISOString()
    const expected = [later(first.at, 1), undefined, later(last.at, 2)]
    expect(hers.of('message').map(({ expiresAt }) => expiresAt)).toEqual(expected)
    const { live, late } = await againBy(hers, mia, id)
    expect(late).toEqual(live)
    const page = await box.http('GET', `/v1/conversations/${id}/messages?atLeast=${last.position}`, { as: mia })
    expect((page.json['messages'] as Row[]).map(({ expiresAt }) => expiresAt)).toEqual(expected)
  })

  it('[Q7] who comes without a cursor is not given again what was said before delivered marks were switched on', async () => {
    const { olga, mia } = people('olga', 'mia')
    const owner = await box.connect(olga)
    const id = await start(olga, [mia])
    await owner.send({ conversation: id }, 'before')
    await change(olga, id, { delivered: true })
    const { position } = await owner.send({ conversation: id }, 'after')
    await stack.projections.reached(Number(position), 5000)
    const hers = await box.connect(mia)
    await owner.send({ conversation: id }, 'live')
    await hers.next('message', ({ body }) => body?.['text'] === 'live')
    expect(hers.of('message').map(({ body }) => body?.['text'])).toEqual(['after', 'live'])
  })

  it('[Q8] of 1,024 reaches all of them', async () => {
    const { olga } = people('olga')
    const names = Array.from({ length: 1023 }, (_, n) => people(`m${n}`)[`m${n}`]!)
    const owner = await box.connect(olga)
    const clients: Client[] = []
    for (let n = 0; n < names.length; n += 100)
      clients.push(...(await Promise.all(names.slice(n, n + 100).map(name => box.connect(name)))))
    const id = await start(olga, names)
    const sent = await owner.send({ conversation: id }, 'hello all')
    const got = await Promise.all(clients.map(client => client.next('message')))
    expect(new Set(got.map(({ id }) => id))).toEqual(new Set([sent.id]))
    expect(code(await add(olga, id, people('late').late))).toBe('409 group-is-full')
    for (const client of clients) client.ws.terminate()
  })
})
