// What every way of saying and being told frames has to do; each way runs all of it (transports.int.ts).
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAll, type Stack } from '../support/stack.ts'
import { type Box, type Ear, openGateway, people, secret } from './support.ts'

export interface Talker extends Ear {
  /** The way on from all it was told; undefined before anything was. */
  readonly lastCursor: string | undefined
  /** Reads nothing until it goes on. */
  pause(): void
  goOn(): void
  /** Goes without a word. */
  vanish(): void
  close(): Promise<void>
  /** Resolves when the server takes it no more. */
  readonly closed: Promise<{ code: number }>
}

export interface Transport {
  readonly name: string
  /** With a cursor it resumes, otherwise resolves when it is welcome. */
  connect(box: Box, token: string, cursor?: string): Promise<Talker>
  /** How it is told that the box stops, and that its token is over. */
  readonly stopped: number
  readonly expired: number
}

/** The seqs of what is not told, and of what is told twice. */
function wrong(client: Ear, from: number, to: number) {
  const seqs = client.of('message').map(({ seq }) => seq)
  const missing = Array.from({ length: to - from + 1 }, (_, n) => from + n).filter(seq => !seqs.includes(seq))
  return { missing, ordered: seqs.every((seq, n) => n === 0 || seq > seqs[n - 1]!) }
}

export function behavesLikeATransport(transport: Transport, stack: Stack): void {
  const { name } = transport
  let box: Box
  beforeAll(async () => {
    box = await openGateway(stack, { headMs: 200 })
  })
  afterAll(() => box.gateway.close())
  const connect = async (user: string, { device = 'phone', cursor = undefined as string | undefined, at = box } = {}) =>
    transport.connect(at, await at.token(user, ['user'], device), cursor)

  const pair = async () => {
    const { alice, bob } = people('alice', 'bob')
    const [hers, his] = await Promise.all([connect(alice), connect(bob)])
    return { alice, bob, hers, his }
  }

  describe(`over a ${name}`, () => {
    it('[L1] one is welcomed, and the log has the session', async () => {
      const { alice } = people('alice')
      const hers = await connect(alice, { device: 'laptop' })
      const [welcome] = hers.of('welcome')
      expect(welcome).toMatchObject({ user: alice, device: 'laptop', epoch: stack.epoch })
      expect(welcome!.limits.framesPerRequest).toBe(100)
      const [opened] = await readAll(stack.store, `session-${alice}`)
      expect(opened).toMatchObject({ type: 'SessionOpened', data: { session: welcome!.session, device: 'laptop' } })
      await hers.close()
      const last = async () => (await readAll(stack.store, `session-${alice}`)).at(-1)
      await expect.poll(last).toMatchObject({ type: 'SessionClosed', data: { why: 'closed-by-client' } })
    })

    it('[L1] what is sent twice is one message with one answer, told to all but the session that sent it', async () => {
      const { alice, bob, hers, his } = await pair()
      const laptop = await connect(alice, { device: 'laptop' })
      const id = randomUUID()
      const first = await hers.send({ user: bob }, 'hi', id)
      expect(await hers.send({ user: bob }, 'other', id)).toEqual(first)
      for (const ear of [his, laptop])
        expect(await ear.next('message')).toMatchObject({ id, seq: first.seq, from: alice, body: { text: 'hi' } })
      await Promise.all([hers, his, laptop].map(ear => ear.settled()))
      expect([hers, his, laptop].map(ear => ear.of('message').length)).toEqual([0, 1, 1])
      await Promise.all([hers, his, laptop].map(ear => ear.close()))
    })

    it('[L1] a body comes as it was said', async () => {
      const { bob, hers, his } = await pair()
      const body = '{"z":1.0,"n":12345678901234567890,"text":"\\u00e9 [\\"}]"}'
      hers.sayText(`{"type":"send","id":"${randomUUID()}","to":{"user":"${bob}"},"body":${body}}`)
      const { conversation, position } = await hers.next('sent')
      expect(await his.next('message')).toMatchObject({ body: { text: 'é ["}]' } })
      const page = await box.http('GET', `/v1/conversations/${conversation}/messages?atLeast=${position}`, { as: bob })
      expect(page.text).toContain(`"body":${body}`)
      await Promise.all([hers.close(), his.close()])
    })

    it('[L1] marks, edits, reactions and retractions are told, and typing', async () => {
      const { bob, hers, his } = await pair()
      const { conversation, seq, id: message } = await hers.send({ user: bob }, 'hi')
      await his.next('message')
      his.say({ type: 'delivered', conversation, upTo: seq })
      expect(await hers.next('receipt')).toMatchObject({ by: bob, delivered: seq })
      his.say({ type: 'read', conversation, upTo: seq })
      expect(await hers.next('receipt')).toMatchObject({ by: bob, read: seq })
      const of = { conversation, message }
      const asked = [{ type: 'edit', body: { text: 'ho' } }, { type: 'react', reaction: '👍' }, { type: 'retract' }]
      for (const frame of asked) {
        const id = randomUUID()
        hers.say({ ...frame, id, ...of })
        await hers.next('sent', sent => sent.id === id)
      }
      expect(await his.next('edited')).toMatchObject({ message, body: { text: 'ho' } })
      expect(await his.next('reacted')).toMatchObject({ message, reaction: '👍', on: true })
      expect(await his.next('retracted')).toMatchObject({ message })
      hers.say({ type: 'typing', conversation })
      expect(await his.next('typing')).toMatchObject({ conversation })
      await Promise.all([hers.close(), his.close()])
    })

    it('[L1] who watches is told at once and when it changes; who is blocked is refused', async () => {
      const { alice, bob } = people('alice', 'bob')
      const hers = await connect(alice)
      hers.say({ type: 'watch', users: [bob] })
      expect(await hers.next('presence')).toEqual({ type: 'presence', user: bob, state: 'offline', lastSeen: null })
      const his = await connect(bob)
      await his.settled()
      his.say({ type: 'activity' })
      expect(await hers.next('presence')).toMatchObject({ user: bob, state: 'online' })
      await his.close()
      expect(await hers.next('presence')).toMatchObject({ user: bob, state: 'offline' })
      await box.http('PUT', `/v1/users/${alice}/block`, { as: bob })
      hers.say({ type: 'send', id: randomUUID(), to: { user: bob }, body: {} })
      expect(await hers.next('error')).toMatchObject({ code: 'blocked' })
      await hers.close()
    })

    it('[L1] what cannot be taken is answered with its id and a code, and changes nothing', async () => {
      const { alice, bob, hers, his } = await pair()
      const { conversation, seq, id } = await hers.send({ user: bob }, 'hi')
      const refused = async (frame: unknown) => {
        his.sayText(JSON.stringify(frame))
        return (await his.next('error')).code
      }
      const send = { type: 'send', id: randomUUID(), to: { user: alice }, body: {} }
      expect(await refused('hi')).toBe('bad-frame')
      expect(await refused({ type: 'shout' })).toBe('bad-frame')
      expect(await refused({ ...send, body: { text: 5 } })).toBe('bad-frame')
      expect(await refused({ ...send, to: { conversation: randomUUID() } })).toBe('unknown-conversation')
      expect(await refused({ ...send, id })).toBe('id-taken')
      expect(await refused({ ...send, body: { text: 'x'.repeat(65_536) } })).toBe('too-large')
      expect(await refused({ type: 'read', conversation, upTo: seq + 1 })).toBe('beyond-the-end')
      await hers.settled()
      expect(hers.of('message')).toEqual([])
      await Promise.all([hers.close(), his.close()])
    })

    it('[L2] who resumes has all after the cursor, in order, once, then what is new', async () => {
      const { bob, hers, his } = await pair()
      await hers.send({ user: bob }, 'first')
      const { cursor, seq } = await his.next('message')
      await his.close()
      for (let n = 0; n < 5; n++) await hers.send({ user: bob }, `${n}`)
      const back = await connect(bob, { cursor })
      await back.next('message')
      await hers.send({ user: bob }, 'live')
      await back.next('message', ({ body }) => body?.['text'] === 'live')
      await back.settled()
      expect(back.of('message').map(message => message.seq)).toEqual([1, 2, 3, 4, 5, 6].map(n => seq + n))
      await Promise.all([hers.close(), back.close()])
    })

    it('[L3] a cursor of another log, or of none, is answered with reset, and it goes on', async () => {
      const { alice } = people('alice')
      const ahead = Buffer.from(`999999999999 ${stack.epoch}`).toString('base64url')
      const other = Buffer.from('0 another-epoch').toString('base64url')
      for (const [cursor, reason] of [
        ['nonsense', 'unknown-cursor'],
        [other, 'epoch'],
        [ahead, 'unknown-cursor'],
      ]) {
        const hers = await connect(alice, { cursor: cursor! })
        expect(await hers.next('reset')).toEqual({ type: 'reset', reason })
        const other = await connect(people('eve').eve)
        const { id } = await other.send({ user: alice }, 'hi')
        await hers.next('message', message => message.id === id)
        await Promise.all([hers.close(), other.close()])
      }
    })

    it('[L4] who does not resume gets all that is unacknowledged, then what is new', async () => {
      const { alice, bob } = people('alice', 'bob')
      const small = await openGateway(stack, { resumePage: 7 })
      const hers = await connect(alice)
      const sent = []
      for (let n = 0; n < 40; n++) sent.push(await hers.send({ user: bob }, `${n}`))
      const { conversation, seq, position } = sent[9]!
      const laptop = await connect(bob, { device: 'laptop' })
      laptop.say({ type: 'delivered', conversation, upTo: seq })
      await hers.next('receipt')
      await laptop.close()
      expect(Number(position)).toBeGreaterThan(0)
      await stack.projections.reached(stack.feed.head(), 5000)
      const his = await connect(bob, { at: small })
      while (his.of('message').length < 30) await his.next('message')
      await hers.send({ user: bob }, 'new')
      await his.next('message', ({ body }) => body?.['text'] === 'new')
      expect(his.of('message').map(message => message.seq)).toEqual(Array.from({ length: 31 }, (_, n) => seq + 1 + n))
      await Promise.all([hers.close(), his.close()])
      await small.gateway.close()
    })

    it('[L2] a thousand messages come whole and in order, though who reads goes and comes back again and again', async () => {
      const { alice, bob } = people('alice', 'bob')
      const [hers, first] = await Promise.all([connect(alice), connect(bob)])
      await hers.send({ user: bob }, 'begin')
      const { seq, cursor } = await first.next('message')
      first.vanish()
      const talking = (async () => {
        for (let n = 0; n < 50; n++)
          await Promise.all(Array.from({ length: 20 }, (_, m) => hers.send({ user: bob }, `${n} ${m}`)))
      })()
      const seen: number[] = []
      let from: string | undefined = cursor
      for (let visit = 0; seen.at(-1) !== seq + 1000; visit++) {
        const his = await connect(bob, { cursor: from! })
        const some = visit % 7 === 6 ? 150 : visit % 3 === 0 ? 1 : 40
        const left = seq + 1000 - (seen.at(-1) ?? seq)
        while (his.of('message').length < Math.min(some, left)) await his.next('message')
        his.vanish()
        seen.push(...his.of('message').map(message => message.seq))
        from = his.lastCursor
      }
      await talking
      expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => seq + 1 + n))
      await hers.close()
    })

    it('[L5] a slow reader costs no more memory than it may, and has lost nothing when it reads again', async () => {
      const tight = await openGateway(stack, { outboxBytes: 300_000 })
      const { alice, bob } = people('alice', 'bob')
      const [hers, his] = await Promise.all([connect(alice), connect(bob, { at: tight })])
      await hers.send({ user: bob }, 'begin')
      const { cursor, seq } = await his.next('message')
      his.pause()
      for (let n = 0; n < 40; n++) await hers.send({ user: bob }, 'x'.repeat(50_000))
      his.vanish()
      const back = await connect(bob, { cursor, at: tight })
      while (back.of('message').length < 40) await back.next('message')
      expect(wrong(back, seq + 1, seq + 40)).toEqual({ missing: [], ordered: true })
      await Promise.all([hers.close(), back.close()])
      await tight.gateway.close()
    })

    it('[L6] a session whose client is gone without a word ends once, and the log says so', async () => {
      const quick = await openGateway(stack, { pollIdleMs: 200 })
      const { alice } = people('alice')
      const hers = await connect(alice, { at: quick })
      hers.vanish()
      const ends = async () =>
        (await readAll(stack.store, `session-${alice}`)).filter(({ type }) => type === 'SessionClosed')
      await expect.poll(async () => (await ends()).length, { timeout: 10_000 }).toBe(1)
      expect(await ends()).toMatchObject([{ data: { why: 'connection-lost' } }])
      await quick.gateway.close()
    })

    it('[L6] when its token is over, so is the session', async () => {
      const { alice } = people('alice')
      const token = await new SignJWT({ roles: ['user'], device: 'phone' })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(alice)
        .setExpirationTime(Math.floor(Date.now() / 1000) - 27) // 30 s of leeway
        .sign(Buffer.from(secret))
      const hers = await transport.connect(box, token)
      expect((await hers.closed).code).toBe(transport.expired)
      const ends = async () => (await readAll(stack.store, `session-${alice}`)).at(-1)
      await expect.poll(ends).toMatchObject({ type: 'SessionClosed', data: { why: 'closed-by-server' } })
    })

    it('[L6] when the box stops, all are sent to another one, which has what is new', async () => {
      const stopping = await openGateway(stack)
      const { alice, bob } = people('alice', 'bob')
      const [hers, his] = await Promise.all([connect(alice), connect(bob, { at: stopping })])
      await hers.send({ user: bob }, 'before')
      const { cursor } = await his.next('message')
      await stopping.gateway.close()
      expect((await his.closed).code).toBe(transport.stopped)
      expect((await readAll(stack.store, `session-${bob}`)).at(-1)).toMatchObject({ data: { why: 'box-stopped' } })
      const { id } = await hers.send({ user: bob }, 'after')
      const back = await connect(bob, { cursor })
      await back.next('message', message => message.id === id)
      await back.settled()
      expect(back.of('message')).toHaveLength(1)
      await Promise.all([hers.close(), back.close()])
    })
  })
}
