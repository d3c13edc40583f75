// HTTP over the real stack.
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { freshStack } from '../support/stack.ts'
import { type Answer, type Box, openGateway, people, type Row, secret } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack)
})
afterAll(() => box.gateway.close())

const code = ({ status, headers, json }: Answer) => {
  if (status >= 400) {
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(json).toMatchObject({ status, detail: expect.stringMatching(/.{10,}/) as string })
  }
  return `${status} ${status < 400 ? 'fine' : String(json['code'])}`
}
const started = async (owner: string, more: object = {}) => {
  const answer = await box.http('POST', '/v1/conversations', { as: owner, body: { kind: 'group', name: 'g', ...more } })
  return answer.json as { id: string; position: string }
}

describe('a token', () => {
  const make = (claims: Row, key = secret, expires: string | Date = '1h') =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(expires).sign(Buffer.from(key))
  const withToken = async (token: string) =>
    code(await box.http('GET', '/v1/inbox', { headers: { authorization: `Bearer ${token}` } }))
  const roles = ['user']
  const sub = 'alice'

  it('[G30] is accepted where it is good, and where it is over by no more than the leeway', async () => {
    expect(await withToken(await make({ sub, roles }))).toBe('200 fine')
    expect(await withToken(await make({ sub, roles }, secret, new Date(Date.now() - 5000)))).toBe('200 fine')
    expect(await withToken(await make({ sub: 'we[ir]d\\^{}|`', roles }))).toBe('200 fine')
  })

  it('[G30] is refused where signature, time, user or roles are not good', async () => {
    const bad = [
      await make({ sub, roles }, 'another secret of more than 32 bytes'),
      await make({ sub, roles }, secret, new Date(Date.now() - 60_000)),
      await make({ sub, roles, nbf: Date.now() / 1000 + 60 }),
      await make({ sub: 'a b', roles }),
      await make({ roles }),
      await make({ sub }),
      await make({ sub, roles: ['king'] }),
      await make({ sub, roles: 'user' }),
      await make({ sub, roles, device: 'a b' }),
      new SignJWT({ sub, roles }).setProtectedHeader({ alg: 'HS256' }) && 'nonsense',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"alice","roles":["user"]}').toString('base64url')}.`,
    ]
    for (const token of bad) expect(await withToken(token)).toBe('401 unauthorized')
    const none = await box.http('GET', '/v1/inbox')
    expect(code(none)).toBe('401 unauthorized')
    expect(none.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('[G30] has the roles it has: a wrong one is 403', async () => {
    expect(code(await box.http('GET', '/v1/inbox', { as: 'x', roles: ['auditor'] }))).toBe('403 wrong-role')
    expect(code(await box.http('GET', '/v1/audit/conversations', { as: 'x' }))).toBe('403 wrong-role')
    const body = { channel: '#x' }
    expect(code(await box.http('POST', '/v1/imports', { as: 'x', body }))).toBe('403 wrong-role')
  })

  it('[G30] is given to nobody where developers’ tokens are off', async () => {
    const strict = await openGateway(stack, { devTokens: false })
    expect(code(await strict.http('POST', '/v1/dev/tokens', { body: { user: 'alice' } }))).toBe('404 not-found')
    await strict.gateway.close()
  })

  it('[G31] opens a socket, in the header or in the URL; without a good one the upgrade is answered 401', async () => {
    const url = `${box.url.replace('http', 'ws')}/v1/socket`
    const good = await box.token('alice')
    const auditor = await box.token('alice', ['auditor'])
    const upgrade = (query: string, headers = {}, protocols: string[] = ['verbatim.v1'], at = url) =>
      new Promise(resolve => {
        const ws = new WebSocket(at + query, protocols, { headers })
        ws.on('open', () => resolve(ws.protocol) ?? ws.terminate())
        ws.on('unexpected-response', (_, response) => resolve(response.statusCode) ?? ws.terminate())
        ws.on('error', () => {})
      })
    expect(await upgrade('', { authorization: `Bearer ${good}` })).toBe('verbatim.v1')
    expect(await upgrade(`?token=${good}`)).toBe('verbatim.v1')
    expect(await upgrade(`?token=${good}`, {}, [])).toBe('')
    expect(await upgrade(`?token=${good}`, {}, ['x', 'verbatim.v1'])).toBe('verbatim.v1')
    expect(await upgrade(`?token=${good}`, {}, ['verbatim.v9'])).toBe(400)
    expect(await upgrade('')).toBe(401)
    expect(await upgrade('?token=nonsense')).toBe(401)
    expect(await upgrade(`?token=${good}`, { authorization: 'Bearer nonsense' })).toBe(401)
    expect(await upgrade(`?token=${auditor}`)).toBe(403)
    expect(await upgrade(`?token=${good}`, {}, [], `${box.url.replace('http', 'ws')}/v1/nothing`)).toBe(404)
  })

  it('[G32] that is over closes its socket with 4500', async () => {
    const token = await make({ sub: people('alice').alice, roles }, secret, new Date(Date.now() + 1500))
    const ws = new WebSocket(`${box.url.replace('http', 'ws')}/v1/socket?token=${token}`, 'verbatim.v1')
    expect(await new Promise(resolve => ws.on('close', resolve))).toBe(4500)
  })
})

describe('a request', () => {
  it('[G23] to no path is 404; with a wrong method 405 with Allow; of a wrong type 415; too large 413', async () => {
    const as = 'alice'
    expect(code(await box.http('GET', '/v1/nothing', { as }))).toBe('404 not-found')
    expect(code(await box.http('GET', '/v1/conversations/%E0%A4%A', { as }))).toBe('400 bad-request')
    const wrong = await box.http('PUT', '/v1/conversations', { as })
    expect(code(wrong)).toBe('405 wrong-method')
    expect(wrong.headers.get('allow')).toBe('POST')
    const typed = { as, body: 'x', headers: { 'content-type': 'text/plain' } }
    expect(code(await box.http('POST', '/v1/conversations', typed))).toBe('415 wrong-type')
    const large = { as, body: { user: 'x'.repeat(200_000) } }
    expect(code(await box.http('POST', `/v1/conversations/${randomUUID()}/members`, large))).toBe('413 too-large')
  })

  it('[G23] with anything malformed in it is 400, and says what', async () => {
    const as = 'alice'
    const { id } = await started(as)
    const bodies = [
      '{',
      '[]',
      '""',
      '{}',
      { kind: 'direct', name: 'x' },
      { kind: 'group', name: '' },
      { kind: 'group' },
    ]
    const members = [
      { kind: 'group', name: 'x', members: 'bob' },
      { kind: 'group', name: 'x', members: ['b b'] },
    ]
    const rest = [
      { kind: 'group', name: 'x', id: 'x' },
      { kind: 'group', name: 'x', delivered: 1 },
      { kind: 'group', name: 'x', retention: { mode: 'temporary', ttl: '1ms' } },
      { kind: 'group', name: 'x', retention: { mode: 'for a while' } },
    ]
    for (const body of [...bodies, ...members, ...rest])
      expect(code(await box.http('POST', '/v1/conversations', { as, body }))).toBe('400 bad-request')
    expect(code(await box.http('POST', '/v1/conversations', { as }))).toBe('400 bad-request')
    const page = `/v1/conversations/${id}/messages`
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'limit=1e3',
      'before=x',
      'before=-1',
      'after=1.5',
      'after=',
      'limit=1&limit=2',
      'atLeast=x',
      'atLeast=-1',
      'before=99999999999999999999',
    ])
      expect([query, code(await box.http('GET', `${page}?${query}`, { as }))]).toEqual([query, '400 bad-request'])
    const { json } = await box.http('GET', `${page}?before=x`, { as })
    expect(json['detail']).toBe('before is "x": a seq, a whole number from 0')
  })

  it('[G33] that reads may say what it has to have read, and is told where that is too far away', async () => {
    const quick = await openGateway(stack, { atLeastMs: 50 })
    const { position } = await started('alice')
    expect(code(await quick.http('GET', `/v1/inbox?atLeast=${position}`, { as: 'alice' }))).toBe('200 fine')
    expect(code(await quick.http('GET', '/v1/inbox?atLeast=999999999999', { as: 'alice' }))).toBe('504 behind')
    await quick.gateway.close()
  })
})

describe('conversations', () => {
  it('[G34] one sees the groups one is in; strangers are not told that they exist, former members are', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const { id, position } = await started(alice, { members: [bob], delivered: true })
    const see = (as: string, more = '') => box.http('GET', `/v1/conversations/${id}?atLeast=${position}${more}`, { as })
    const shown = await see(alice)
    expect(shown.json).toMatchObject({
      id,
      kind: 'group',
      name: 'g',
      delivered: true,
      retention: { mode: 'permanent' },
    })
    expect(shown.json['members']).toEqual([
      { user: alice, role: 'owner' },
      { user: bob, role: 'member' },
    ])
    expect(code(await see(eve))).toBe('404 unknown-conversation')
    const out = await box.http('DELETE', `/v1/conversations/${id}/members/${bob}`, { as: bob })
    expect(
      code(await box.http('GET', `/v1/conversations/${id}?atLeast=${String(out.json['position'])}`, { as: bob })),
    ).toBe('403 not-a-member')
    expect(code(await box.http('GET', '/v1/conversations/no-uuid', { as: bob }))).toBe('404 unknown-conversation')
  })

  it('[G34] refusals of the domain have their status', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const { id } = await started(alice, { members: [bob] })
    const add = (as: string, user: string, to = id) =>
      box.http('POST', `/v1/conversations/${to}/members`, { as, body: { user } })
    expect(code(await add(bob, eve))).toBe('403 not-allowed')
    expect(code(await add(eve, eve))).toBe('404 unknown-conversation')
    expect(code(await add(alice, eve))).toBe('201 fine')
    expect(code(await add(alice, eve, 'no-uuid'))).toBe('404 unknown-conversation')
    expect(code(await box.http('DELETE', `/v1/conversations/${id}/members/${alice}`, { as: bob }))).toBe(
      '403 not-allowed',
    )
    const again = { as: bob, body: { kind: 'group', name: 'x', id } }
    expect(code(await box.http('POST', '/v1/conversations', again))).toBe('409 conversation-exists')
  })

  it('[G35] the inbox has what is unread and the last message; its cursor resumes where it was read', async () => {
    const { alice, bob } = people('alice', 'bob')
    const hers = await box.connect(alice)
    await hers.send({ user: bob }, 'one')
    const { conversation, seq, position, id } = await hers.send({ user: bob }, 'two')
    const { json } = await box.http('GET', `/v1/inbox?atLeast=${position}`, { as: bob })
    expect(json['conversations']).toEqual([
      {
        conversation,
        kind: 'direct',
        name: null,
        unread: 2,
        last: { seq, id, from: alice, at: expect.any(String) as string, body: { text: 'two' } },
        members: [alice, bob].sort(),
        delivered: -1,
        read: -1,
        member: true,
      },
    ])
    const his = await box.connect(bob, { quiet: true })
    his.say({ type: 'resume', cursor: json['cursor'] })
    await his.next('resumed')
    expect(his.of('message')).toEqual([])
    await hers.send({ user: bob }, 'three')
    expect(await his.next('message')).toMatchObject({ body: { text: 'three' } })
  })

  it('[G36] history is paged by seq, ascending, at most a page at a time', async () => {
    const small = await openGateway(stack, { limits: { ...(await limits()), pageSize: 4 } })
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const hers = await box.connect(alice)
    for (let n = 1; n <= 9; n++) await hers.send({ user: bob }, `${n}`)
    const { conversation, position } = hers.of('sent').at(-1)!
    const page = async (query: string, as = bob) => {
      const path = `/v1/conversations/${conversation}/messages?atLeast=${position}&${query}`
      const answer = await small.http('GET', path, { as })
      return (answer.json['messages'] as Row[] | undefined)?.map(({ seq }) => seq) ?? code(answer)
    }
    expect(await page('')).toEqual([6, 7, 8, 9])
    expect(await page('limit=1000')).toEqual([6, 7, 8, 9])
    expect(await page('before=6&limit=2')).toEqual([4, 5])
    expect(await page('after=0')).toEqual([1, 2, 3, 4])
    expect(await page('after=-1&limit=1')).toEqual([1])
    expect(await page('after=2&before=5')).toEqual([3, 4])
    expect(await page('after=9')).toEqual([])
    expect(await page('', eve)).toBe('404 unknown-conversation')
    await small.gateway.close()
  })

  it('[G37] who got and read a message is told by device, to members', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob, { device: 'tablet' })])
    const { conversation, seq, id } = await hers.send({ user: bob }, 'hi')
    his.say({ type: 'read', conversation, upTo: seq })
    await hers.next('receipt')
    const path = `/v1/conversations/${conversation}/messages/${id}/receipts?atLeast=${stack.feed.head()}`
    const { json } = await box.http('GET', path, { as: alice })
    expect(json['receipts']).toMatchObject([{ user: bob, device: 'tablet', read: expect.any(String) as string }])
    expect(code(await box.http('GET', path, { as: eve }))).toBe('404 unknown-message')
    expect(code(await box.http('GET', path.replace(id, 'x'), { as: alice }))).toBe('404 unknown-message')
  })

  it('[G26] making a group is the user’s doing, reading one is not', async () => {
    const { alice } = people('alice')
    const state = async () =>
      (await box.http('GET', `/v1/users/${alice}/presence?atLeast=${stack.feed.head()}`, { as: 'x' })).json
    await box.http('GET', '/v1/inbox', { as: alice })
    expect(await state()).toEqual({ user: alice, state: 'offline', lastSeen: null })
    await started(alice)
    await expect.poll(async () => (await state())['lastSeen']).not.toBe(null)
    expect(await state()).toMatchObject({ state: 'offline' }) // no session is open
    const client = await box.connect(alice)
    await expect.poll(async () => (await state())['state']).toBe('online')
    await client.close()
  })
})

describe('boxes', () => {
  it('[N5] are shown to administrators, with who is on them, page by page; the sessions of one without a lease too', async () => {
    const roles = ['admin']
    expect(code(await box.http('GET', '/v1/boxes', { as: 'x' }))).toBe('403 wrong-role')
    const named = Object.values(people('ann', 'ben', 'cat', 'dan', 'eve')).sort()
    const clients = await Promise.all(named.map(user => box.connect(user)))
    const name = clients[0]!.of('welcome')[0]!.box
    const see = async (path: string) => (await box.http('GET', path, { as: 'root', roles })).json
    const mine = async () => ((await see('/v1/boxes'))['boxes'] as Row[]).find(one => one['box'] === name)
    const pages = async () => {
      const found: Row[] = []
      for (let after = ''; ;) {
        const page = await see(`/v1/boxes/${name}/sessions?limit=2${after && `&after=${after}`}`)
        found.push(...(page['sessions'] as Row[]))
        if (page['next'] === null) break
        after = encodeURIComponent(page['next'] as string)
      }
      expect(new Set(found.map(({ session }) => session)).size).toBe(found.length)
      return found.map(({ user }) => user as string)
    }
    // others of this file come and go meanwhile
    await expect.poll(async () => (await pages()).filter(user => named.includes(user))).toEqual(named)
    expect(await mine()).toMatchObject({ alive: false, roles: [], since: null, until: null })
    expect((await mine())?.['sessions']).toBeGreaterThanOrEqual(5)
    const bad = await box.http('GET', `/v1/boxes/${name}/sessions?after=x`, { as: 'root', roles })
    expect(code(bad)).toBe('400 bad-request')
    await Promise.all(clients.map(client => client.close()))
  })
})

describe('importing', () => {
  it('[G38] puts a history into a conversation, where members who are online see it; doing so twice changes nothing', async () => {
    const { nick } = people('nick')
    const roles = ['admin']
    const channel = `#${nick}`
    const start = () => box.http('POST', '/v1/imports', { as: 'root', roles, body: { channel } })
    const { conversation } = (await start()).json
    expect((await start()).json['conversation']).toBe(conversation)
    const client = await box.connect(nick)
    const at = '2010-01-02T03:04:00Z'
    const body = {
      source: 'a.log',
      upToLine: 3,
      entries: [
        { line: 1, at, user: nick, what: 'joined' },
        { line: 2, at, user: nick, what: 'said', id: randomUUID(), body: { text: 'first!' } },
      ],
    }
    const push = () => box.http('POST', `/v1/imports/${String(conversation)}/entries`, { as: 'root', roles, body })
    expect((await push()).json).toMatchObject({ imported: 2, upToLine: 3 })
    expect((await push()).json).toMatchObject({ imported: 0, upToLine: 3 })
    expect(await client.next('message')).toMatchObject({
      from: nick,
      at: '2010-01-02T03:04:00.000Z',
      body: { text: 'first!' },
    })
    const late = { ...body, upToLine: 1 }
    const path = `/v1/imports/${String(conversation)}/entries`
    expect(code(await box.http('POST', path, { as: 'root', roles, body: late }))).toBe('400 bad-request')
    const many = {
      ...body,
      upToLine: 9999,
      entries: Array.from({ length: 2001 }, (_, n) => ({ line: n + 1, at, user: nick, what: 'left' })),
    }
    expect(code(await box.http('POST', path, { as: 'root', roles, body: many }))).toBe('400 bad-request')
  })
})

describe('operations', () => {
  it('[G39] say whether it lives and whether it can serve', async () => {
    expect((await box.http('GET', '/healthz')).json).toEqual({ status: 'alive' })
    expect((await box.http('GET', '/readyz')).json).toEqual({ status: 'ready' })
  })

  it('[G22] the documents are served', async () => {
    expect((await box.http('GET', '/openapi.json')).json['openapi']).toBe('3.1.0')
    expect((await box.http('GET', '/asyncapi.json')).json['asyncapi']).toBe('3.0.0')
    expect((await box.http('GET', '/docs')).text).toContain('<!doctype html>')
  })
})

async function limits() {
  const client = await box.connect(people('x').x)
  await client.close()
  return client.of('welcome')[0]!.limits
}
