// Sockets over the real stack: store, Postgres, keyring, commands, read models.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshStack, readAll } from '../support/stack.ts'
import { type Box, Client, openGateway, people } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack, { headMs: 200 })
})
afterAll(() => box.gateway.close())

const group = async (owner: string, ...members: string[]): Promise<string> => {
  const body = { kind: 'group', name: 'friends', members, delivered: true }
  const { json } = await box.http('POST', '/v1/conversations', { as: owner, body })
  return json['id'] as string
}
/** What a client was told that has a cursor, heads aside: as it comes, without the cursor's own encoding. */
const history = (client: Client) => client.told.filter(({ type }) => ['message', 'receipt', 'member'].includes(type))

describe('a session', () => {
  it('[G2] is welcomed with who it is and what the limits are, and is in the log by then', async () => {
    const { alice } = people('alice')
    const client = await box.connect(alice, { device: 'laptop' })
    const [welcome] = client.of('welcome')
    expect(welcome).toMatchObject({ user: alice, device: 'laptop', epoch: stack.epoch, limits: { bodyBytes: 65_536 } })
    const [opened] = await readAll(stack.store, `session-${alice}`)
    expect(opened).toMatchObject({ type: 'SessionOpened', data: { session: welcome!.session, device: 'laptop' } })
    await client.close()
  })

  it('[G9] that its client closes is over in the log too, with the reason', async () => {
    const { alice } = people('alice')
    const [closing, lost] = await Promise.all([box.connect(alice), box.connect(alice)])
    await closing.close()
    lost.ws.terminate()
    const ends = async () =>
      (await readAll(stack.store, `session-${alice}`)).filter(({ type }) => type === 'SessionClosed')
    await expect.poll(async () => (await ends()).length).toBe(2)
    const why = (await ends()).map(({ data }) => (data as { why: string }).why)
    expect(why.sort()).toEqual(['closed-by-client', 'connection-lost'])
  })

  it('[G6] is told the head again and again, and who resumes from it has missed nothing', async () => {
    const { alice } = people('alice')
    const client = await box.connect(alice)
    const { cursor } = await client.next('head')
    await client.next('head')
    await client.close()
    const again = await box.connect(alice, { quiet: true })
    again.say({ type: 'resume', cursor })
    await again.next('resumed')
    expect(history(again)).toEqual([])
  })
})

describe('a message', () => {
  it('[G1] goes to every session of every member except the one that sent it', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const [phone, laptop, his, hers] = await Promise.all([
      box.connect(alice),
      box.connect(alice, { device: 'laptop' }),
      box.connect(bob),
      box.connect(eve),
    ])
    const sent = await phone.send({ user: bob }, 'hi')
    for (const client of [laptop, his]) {
      const message = await client.next('message')
      expect(message).toMatchObject({ id: sent.id, seq: sent.seq, from: alice, at: sent.at, body: { text: 'hi' } })
    }
    await Promise.all([phone.settled(), hers.settled()])
    expect([...phone.of('message'), ...hers.of('message')]).toEqual([])
  })

  it('[G24] messages of one socket get their seqs in the order they were sent', async () => {
    const { alice, bob } = people('alice', 'bob')
    const client = await box.connect(alice)
    const ids = Array.from({ length: 50 }, () => randomUUID())
    for (const id of ids) client.say({ type: 'send', id, to: { user: bob }, body: {} })
    for (const _ of ids) await client.next('sent')
    const bySeq = client.of('sent').sort((a, b) => a.seq - b.seq)
    expect(bySeq.map(({ id }) => id)).toEqual(ids)
  })

  it('[G13] has its body returned as it came, over socket and HTTP', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob)])
    const raw: string[] = []
    his.ws.on('message', data => raw.push((data as Buffer).toString()))
    const body = '{"z":1.0,"n":12345678901234567890,"text":"\\u00e9 \\ud83d\\ude00"}'
    hers.ws.send(`{"type":"send","id":"${randomUUID()}","to":{"user":"${bob}"},"body":${body}}`)
    const { position, conversation } = await hers.next('sent')
    await his.next('message')
    expect(raw.find(text => text.includes('"message"'))).toContain(`"body":${body},"previous":0,"cursor"`)
    const page = await box.http('GET', `/v1/conversations/${conversation}/messages?atLeast=${position}`, { as: bob })
    expect(page.text).toContain(`"body":${body}}`)
  })

  it('[G12] that cannot be sent is answered with its id, a code and a sentence, and changes nothing', async () => {
    const { alice, bob } = people('alice', 'bob')
    const client = await box.connect(alice)
    const refused = async (to: object, body: object) => {
      const id = randomUUID()
      client.say({ type: 'send', id, to, body })
      const error = await client.next('error', frame => frame.id === id)
      expect(error.message.length).toBeGreaterThan(10)
      return error.code
    }
    expect(await refused({ conversation: randomUUID() }, {})).toBe('unknown-conversation')
    expect(await refused({ conversation: 'no uuid' }, {})).toBe('unknown-conversation')
    expect(await refused({ user: bob }, { text: 'x'.repeat(65_536) })).toBe('too-large')
    expect(await refused({ user: bob }, { text: 5 })).toBe('bad-frame')
    const inbox = await box.http('GET', '/v1/inbox', { as: alice })
    expect(inbox.json['conversations']).toEqual([])
  })
})

describe('receipts', () => {
  it('[G14] go to the other members and to the reader’s other devices; what is refused is answered', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, phone, laptop] = await Promise.all([
      box.connect(alice),
      box.connect(bob),
      box.connect(bob, { device: 'laptop' }),
    ])
    const { conversation, seq } = await hers.send({ user: bob }, 'hi')
    phone.say({ type: 'delivered', conversation, upTo: seq })
    expect(await hers.next('receipt')).toMatchObject({ conversation, by: bob, delivered: seq })
    phone.say({ type: 'read', conversation, upTo: seq })
    expect(await hers.next('receipt')).toMatchObject({ by: bob, read: seq })
    expect(await laptop.next('receipt', ({ read }) => read !== undefined)).toMatchObject({ by: bob, read: seq })
    phone.say({ type: 'read', conversation, upTo: seq + 1 })
    expect(await phone.next('error')).toMatchObject({ code: 'beyond-the-end' })
    phone.say({ type: 'delivered', conversation, upTo: -1 })
    expect(await phone.next('error')).toMatchObject({ code: 'beyond-the-end' })
    hers.say({ type: 'read', conversation: randomUUID(), upTo: 0 })
    expect(await hers.next('error')).toMatchObject({ code: 'unknown-conversation' })
    expect(phone.of('receipt')).toEqual([])
  })
})

describe('members', () => {
  it('[G15] are told who joins and who leaves, themselves included, and see what is said while they are in', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const [hers, his, eves] = await Promise.all([box.connect(alice), box.connect(bob), box.connect(eve)])
    const conversation = await group(alice, bob)
    expect(await his.next('member')).toMatchObject({ conversation, seq: 0, user: bob, change: 'joined' })
    await box.http('POST', `/v1/conversations/${conversation}/members`, { as: alice, body: { user: eve } })
    for (const client of [hers, his, eves])
      expect(await client.next('member', ({ user }) => user === eve)).toMatchObject({ seq: 1, change: 'joined' })
    await hers.send({ conversation }, 'all three')
    await eves.next('message')
    await box.http('DELETE', `/v1/conversations/${conversation}/members/${eve}`, { as: eve })
    for (const client of [hers, his, eves]) await client.next('member', ({ change }) => change === 'left')
    await hers.send({ conversation }, 'only two')
    await his.next('message', ({ body }) => body?.['text'] === 'only two')
    await eves.settled()
    expect(eves.of('message')).toHaveLength(1)
    eves.say({ type: 'send', id: randomUUID(), to: { conversation }, body: {} })
    expect(await eves.next('error')).toMatchObject({ code: 'not-a-member' })
  })
})

describe('resuming', () => {
  it('[G4] brings what a connected device was told, in the same order, then goes on live', async () => {
    const { alice, bob, eve } = people('alice', 'bob', 'eve')
    const [hers, phone, away] = await Promise.all([
      box.connect(alice),
      box.connect(bob),
      box.connect(bob, { device: 'laptop' }),
    ])
    const { cursor } = away.of('welcome')[0]!
    await away.close()
    const conversation = await group(alice, bob)
    for (let n = 0; n < 3; n++) {
      await hers.send({ conversation }, `group ${n}`)
      const { seq, conversation: direct } = await hers.send({ user: bob }, `direct ${n}`)
      await phone.next('message', message => message.conversation === direct)
      hers.say({ type: 'read', conversation: direct, upTo: seq })
      await phone.next('receipt')
    }
    await box.http('POST', `/v1/conversations/${conversation}/members`, { as: alice, body: { user: eve } })
    await phone.next('member', ({ user }) => user === eve)

    const back = await box.connect(bob, { device: 'laptop', quiet: true })
    back.say({ type: 'resume', cursor })
    await back.next('resumed')
    expect(history(back)).toEqual(history(phone))
    await hers.send({ conversation }, 'live')
    await back.next('message', ({ body }) => body?.['text'] === 'live')
  })

  it('[U4] resumes from the cursor in its URL, also where no frame ever says so, or where one says the same, or that more has come meanwhile', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob)])
    await hers.send({ user: bob }, 'before')
    const { cursor } = await his.next('message')
    await his.close()
    await hers.send({ user: bob }, 'meanwhile')
    const beside = await box.connect(bob)
    const further = (await beside.next('message', ({ body }) => body?.['text'] === 'meanwhile')).cursor
    await beside.close()
    const url = `${box.url.replace('http', 'ws')}/v1/socket?cursor=${cursor}&token=${await box.token(bob)}`
    for (const says of [undefined, cursor, further]) {
      const back = new Client(url)
      await back.next('welcome')
      if (says !== undefined) back.say({ type: 'resume', cursor: says })
      await back.next('resumed')
      await back.settled()
      expect(back.of('message').map(({ body }) => body?.['text'])).toEqual(['meanwhile'])
      expect(back.of('error')).toEqual([])
      await back.close()
    }
  })

  it('[G4] from any cursor, while messages keep coming, there is no gap and no duplicate', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob)])
    const ids: string[] = []
    const talk = async (count: number) => {
      for (let n = 0; n < count; n++) ids.push((await hers.send({ user: bob }, `${ids.length}`)).id)
    }
    await talk(30)
    const talking = talk(120)
    const resumed: { after: string; client: Client }[] = []
    for (let n = 0; n < 8; n++) {
      const { id, cursor } = await his.next('message')
      const client = await box.connect(bob, { device: `d${n}`, quiet: true })
      client.say({ type: 'resume', cursor })
      resumed.push({ after: id, client })
    }
    await talking
    for (const { after, client } of resumed) {
      const expected = ids.slice(ids.indexOf(after) + 1)
      while (client.of('message').length < expected.length) await client.next('message')
      await client.settled()
      expect(client.of('message').map(({ id }) => id)).toEqual(expected)
      expect(client.of('resumed')).toHaveLength(1)
      await client.close()
    }
  })

  it('[G5] from a cursor of another log, or of none, is answered with `reset`', async () => {
    const { alice } = people('alice')
    const ahead = Buffer.from(`999999999999 ${stack.epoch}`).toString('base64url')
    const other = Buffer.from('0 another-epoch').toString('base64url')
    for (const [cursor, reason] of [
      ['nonsense', 'unknown-cursor'],
      [other, 'epoch'],
      [ahead, 'unknown-cursor'],
    ]) {
      const client = await box.connect(alice, { quiet: true })
      client.say({ type: 'resume', cursor })
      expect(await client.next('reset')).toEqual({ type: 'reset', reason })
      await client.next('head') // and it goes on
      await client.close()
    }
  })

  it('[G25] a session that does not resume gets what no device of its user has acknowledged, all of it, then what is new', async () => {
    const { alice, bob } = people('alice', 'bob')
    const hers = await box.connect(alice)
    const small = await openGateway(stack, { resumePage: 7 })
    const sent = []
    for (let n = 0; n < 40; n++) sent.push(await hers.send({ user: bob }, `${n}`))
    const { conversation, seq } = sent[9]!
    const first = await box.connect(bob)
    for (let n = 0; n < 40; n++) await first.next('message')
    first.say({ type: 'delivered', conversation, upTo: seq })
    await hers.next('receipt')
    await first.close()
    await stack.projections.reached(stack.feed.head(), 5000)
    const his = await small.connect(bob)
    while (his.of('message').length < 30) await his.next('message')
    await hers.send({ user: bob }, 'new')
    await his.next('message', ({ body }) => body?.['text'] === 'new')
    expect(his.of('message').map(({ seq }) => seq)).toEqual(Array.from({ length: 31 }, (_, n) => seq + 1 + n))
    expect(his.of('resumed')).toEqual([])
    await his.close()
    await small.gateway.close()
  })

  it('[G3] nothing with a cursor is pushed before the first frame', async () => {
    const { alice, bob } = people('alice', 'bob')
    const patient = await openGateway(stack, { settleMs: 600_000 })
    const [hers, his] = await Promise.all([patient.connect(alice), patient.connect(bob, { quiet: true })])
    await hers.send({ user: bob }, 'hi')
    await hers.send({ user: alice }, 'to myself')
    expect(his.told.map(({ type }) => type)).toEqual(['welcome'])
    his.say({ type: 'activity' })
    await his.next('message')
    await patient.gateway.close()
  })
})

describe('presence', () => {
  it('[G18] is told at once, and again when it changes', async () => {
    const { alice, bob } = people('alice', 'bob')
    const hers = await box.connect(alice)
    hers.say({ type: 'watch', users: [bob] })
    expect(await hers.next('presence')).toEqual({ type: 'presence', user: bob, state: 'offline', lastSeen: null })
    const his = await box.connect(bob)
    his.say({ type: 'activity' })
    expect(await hers.next('presence')).toMatchObject({ user: bob, state: 'online' })
    await his.close()
    expect(await hers.next('presence')).toMatchObject({ user: bob, state: 'offline' })
  })

  it('[G26] sending and reading are the user’s doing, delivering is not, and a frame may say otherwise', async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = await Promise.all([box.connect(alice), box.connect(bob)])
    hers.say({ type: 'watch', users: [bob] })
    await hers.next('presence')
    const { conversation, seq } = await hers.send({ user: bob }, 'hi')
    his.say({ type: 'delivered', conversation, upTo: seq })
    his.say({ type: 'activity', origin: 'app' })
    his.say({ type: 'read', conversation: randomUUID(), upTo: 1 })
    await his.next('error') // what is refused is no activity
    await hers.next('receipt')
    expect(await readAll(stack.store, `activity-${bob}`)).toEqual([])
    his.say({ type: 'read', conversation, upTo: seq })
    expect(await hers.next('presence')).toMatchObject({ state: 'online' })
  })
})

describe('what is no frame', () => {
  it('[G12] is answered with bad-frame, and the socket stays', async () => {
    const client = await box.connect(people('alice').alice)
    for (const text of ['{', '[]', '"hi"', '{"type":"shout"}']) {
      client.ws.send(text)
      expect(await client.next('error')).toMatchObject({ code: 'bad-frame' })
    }
    client.ws.send(Buffer.from('{"type":"ping"}'), { binary: true })
    expect(await client.next('error')).toMatchObject({ code: 'bad-frame' })
    await client.settled()
  })

  it('[G27] closes with 1009 where it is too large, with 1007 where it is no UTF-8', async () => {
    const [large, broken] = await Promise.all([box.connect(people('a').a), box.connect(people('b').b)])
    large.ws.send(`"${'x'.repeat(131_072)}"`)
    expect((await large.closed).code).toBe(1009)
    broken.ws.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false })
    expect((await broken.closed).code).toBe(1007)
  })
})

describe('closing', () => {
  it('[G8] a slow reader is asked to come back, and who comes back with its cursor has lost nothing', async () => {
    const { alice, bob } = people('alice', 'bob')
    const tight = await openGateway(stack, { outboxBytes: 400_000 })
    const [hers, his] = await Promise.all([tight.connect(alice), tight.connect(bob)])
    await his.settled()
    const { cursor } = his.of('welcome')[0]!
    his.ws.pause()
    const sent: string[] = []
    const ended = async () =>
      (await readAll(stack.store, `session-${bob}`)).some(({ type }) => type === 'SessionClosed')
    while (!(await ended()))
      for (const { id } of await Promise.all(
        Array.from({ length: 20 }, () => hers.send({ user: bob }, 'x'.repeat(60_000))),
      ))
        sent.push(id)
    his.ws.resume()
    expect((await his.closed).code).toBe(4001)
    await stack.projections.reached(stack.feed.head(), 5000)
    const again = await tight.connect(bob, { quiet: true })
    again.say({ type: 'resume', cursor })
    await again.next('resumed')
    expect(
      again
        .of('message')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(sent.sort())
    await tight.gateway.close()
  })

  it('[G28] when the box stops everybody is sent away to come back, and the log says why', async () => {
    const { alice } = people('alice')
    const stopping = await openGateway(stack)
    const client = await stopping.connect(alice)
    await stopping.gateway.close()
    expect((await client.closed).code).toBe(4000)
    const events = await readAll(stack.store, `session-${alice}`)
    expect(events.at(-1)).toMatchObject({ type: 'SessionClosed', data: { why: 'box-stopped' } })
  })

  it('[G29] many sessions log in at once, each is told its own', async () => {
    const names = Array.from({ length: 40 }, (_, n) => people(`user${n}`)[`user${n}`]!)
    const clients = await Promise.all(names.map(name => box.connect(name)))
    await Promise.all(clients.map((client, n) => client.send({ user: names[(n + 1) % 40]! }, `to ${(n + 1) % 40}`)))
    for (const [n, client] of clients.entries())
      expect(await client.next('message')).toMatchObject({ body: { text: `to ${n}` }, from: names[(n + 39) % 40] })
    clients.forEach(client => client.ws.terminate())
  })
})
