// Edits, retractions, reactions and replies, over sockets and HTTP.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshStack } from '../support/stack.ts'
import { type Box, type Client, openGateway, people, type Row } from './support.ts'

const stack = freshStack()
let box: Box
beforeAll(async () => {
  box = await openGateway(stack)
})
afterAll(() => box.gateway.close())

const start = async (as: string, members: string[]) =>
  (await box.http('POST', '/v1/conversations', { as, body: { kind: 'group', name: 'tea', members } })).json[
    'id'
  ] as string
const add = (as: string, id: string, user: string) =>
  box.http('POST', `/v1/conversations/${id}/members`, { as, body: { user } })
const remove = (as: string, id: string, user: string) =>
  box.http('DELETE', `/v1/conversations/${id}/members/${user}`, { as })
/** Asks for something to become of a message; the answer, or the refusal's code. */
const amend = async (client: Client, frame: object) => {
  const id = randomUUID()
  client.say({ id, ...frame })
  return Promise.race([
    client.next('sent', sent => sent.id === id),
    client.next('error', error => error.id === id).then(({ code }) => code),
  ])
}
const seen = async (as: string, conversation: string) => {
  const atLeast = stack.feed.head()
  const { json } = await box.http('GET', `/v1/conversations/${conversation}/messages?atLeast=${atLeast}`, { as })
  return json['messages'] as Row[]
}
const of = (frames: object[], conversation: string) =>
  (frames as Row[]).filter(frame => frame['conversation'] === conversation)
/** What a session that begins where this one began is told, all of it again. */
const resumed = async (client: Client, user: string) => {
  await stack.projections.reached(stack.feed.head(), 5000)
  const late = await box.connect(user, { device: 'late', quiet: true })
  late.say({ type: 'resume', cursor: client.of('welcome')[0]!.cursor })
  await late.next('resumed')
  await late.close()
  return late.told
}

describe('a message', () => {
  it('[T4] what becomes of it is told to all sessions of its members but the one that asked, live and on resume alike', async () => {
    const { ann, bob } = people('ann', 'bob')
    const [phone, laptop, his] = await Promise.all([box.connect(ann), box.connect(ann), box.connect(bob)])
    const { conversation, id: message, seq } = await phone.send({ user: bob }, 'first')
    const about = { conversation, message }
    await amend(phone, { type: 'edit', ...about, body: { text: 'second', n: 1.0 } })
    await amend(his, { type: 'react', ...about, reaction: '👍', on: true })
    await amend(his, { type: 'react', ...about, reaction: '👍', on: false })
    await laptop.next('reacted', ({ on }) => !on)
    const common = { conversation, message, messageSeq: seq, id: expect.any(String) as string }
    const rest = { at: expect.any(String) as string, cursor: expect.any(String) as string }
    const edited = { type: 'edited', ...common, seq: seq + 1, from: ann, body: { text: 'second', n: 1 }, ...rest }
    const reacted = { type: 'reacted', ...common, from: bob, reaction: '👍', ...rest }
    expect(laptop.of('edited')).toEqual([edited])
    expect(laptop.of('reacted')).toEqual([
      { ...reacted, seq: seq + 2, on: true },
      { ...reacted, seq: seq + 3, on: false },
    ])
    await his.next('edited')
    await phone.next('reacted', ({ on }) => !on)
    expect([phone.of('edited').length, his.of('reacted').length]).toEqual([0, 0])
    expect(of(await resumed(laptop, ann), conversation)).toEqual(of(laptop.told, conversation))
  })

  it('[T5] reads in its latest body with its reactions; retracted, in none', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const [hers, his] = await Promise.all([box.connect(ann), box.connect(bob)])
    const conversation = await start(ann, [bob, eve])
    const { id: message, at, seq } = await hers.send({ conversation }, 'first')
    const about = { conversation, message }
    await amend(hers, { type: 'edit', ...about, body: { text: 'second' } })
    const last = await amend(hers, { type: 'edit', ...about, body: { text: 'third' } })
    await amend(his, { type: 'react', ...about, reaction: '👍' })
    await amend(hers, { type: 'react', ...about, reaction: '👍' })
    await amend(hers, { type: 'react', ...about, reaction: '🎉' })
    const shown = {
      ...{ seq, id: message, from: ann, at, edited: true, editedAt: (last as Row)['at'], body: { text: 'third' } },
      reactions: [
        { reaction: '👍', count: 2, mine: true, users: [bob, ann] },
        { reaction: '🎉', count: 1, mine: false, users: [ann] },
      ],
    }
    expect(await seen(bob, conversation)).toEqual([shown])
    const inbox = (await box.http('GET', '/v1/inbox', { as: bob })).json['conversations'] as Row[]
    expect(inbox).toMatchObject([{ unread: 1, last: shown }])
    await amend(hers, { type: 'retract', ...about })
    expect(await seen(bob, conversation)).toEqual([{ seq, id: message, from: ann, at, body: null, retracted: true }])
    const after = (await box.http('GET', '/v1/inbox', { as: bob })).json['conversations'] as Row[]
    expect(after).toMatchObject([{ unread: 1, last: { body: null, retracted: true } }])
    const again = (await resumed(his, bob)).filter(({ type }) => type === 'message')
    expect(again).toMatchObject([{ id: message, body: null, retracted: true }])
  })

  it('[T4] what becomes of it is not told to those who came later, nor what was in a gap to those who came back', async () => {
    const { ann, bob, late } = people('ann', 'bob', 'late')
    const [hers, his, its] = await Promise.all([box.connect(ann), box.connect(bob), box.connect(late)])
    const conversation = await start(ann, [bob])
    const { id: message } = await hers.send({ conversation }, 'first')
    const about = { conversation, message }
    await add(ann, conversation, late)
    await amend(his, { type: 'react', ...about, reaction: '👍' })
    await remove(ann, conversation, bob)
    await amend(hers, { type: 'edit', ...about, body: { text: 'while bob was away' } })
    await amend(hers, { type: 'react', ...about, reaction: '🎉' })
    expect(await seen(bob, conversation)).toMatchObject([
      { body: { text: 'first' }, reactions: [{ reaction: '👍', count: 1 }] },
    ])
    await add(ann, conversation, bob)
    expect(await seen(bob, conversation)).toMatchObject([{ body: { text: 'first' }, reactions: [{ count: 1 }] }])
    await amend(hers, { type: 'edit', ...about, body: { text: 'now he is back' } })
    await his.next('edited')
    const { seq } = await hers.send({ conversation }, 'for all')
    await Promise.all([his, its].map(client => client.next('message', frame => frame.seq === seq)))
    expect(his.of('edited').map(({ body }) => body)).toEqual([{ text: 'now he is back' }])
    expect([...its.of('edited'), ...its.of('reacted')]).toEqual([])
    expect(await seen(bob, conversation)).toMatchObject([{ body: { text: 'now he is back' } }, {}])
    expect(await amend(its, { type: 'react', ...about, reaction: '👍' })).toBe('unknown-message')
    for (const [client, user] of [[his, bob] as const, [its, late] as const]) {
      const told = of(client.told, conversation).filter(({ type }) => type !== 'sent' && type !== 'error')
      // a session's own reaction is told to the user's other sessions
      const again = of(await resumed(client, user), conversation).filter(
        ({ type, from }) => type !== 'reacted' || from !== user,
      )
      expect(again).toEqual(told)
    }
  })

  it('[T5] that nobody acknowledged comes to a session without a cursor in its latest body', async () => {
    const { ann, bob } = people('ann', 'bob')
    const hers = await box.connect(ann)
    const { conversation, id: message } = await hers.send({ user: bob }, 'first')
    const other = await hers.send({ user: bob }, 'regretted')
    const edit = await amend(hers, { type: 'edit', conversation, message, body: { text: 'second' } })
    await amend(hers, { type: 'retract', conversation, message: other.id })
    await stack.projections.reached(stack.feed.head(), 5000)
    const his = await box.connect(bob)
    await his.next('message', ({ retracted }) => retracted === true)
    expect(his.of('message')).toMatchObject([
      { id: message, body: { text: 'second' }, editedAt: (edit as Row)['at'] },
      { id: other.id, body: null, retracted: true },
    ])
  })

  it('[T1] what may not become of it is refused with its id, and changes nothing', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const [hers, his, its] = await Promise.all([box.connect(ann), box.connect(bob), box.connect(eve)])
    const { conversation, id: message } = await hers.send({ user: bob }, 'first')
    const about = { conversation, message }
    const edit = { type: 'edit', ...about, body: { text: 'x' } }
    expect(await amend(his, edit)).toBe('not-allowed')
    expect(await amend(its, edit)).toBe('unknown-conversation')
    expect(await amend(hers, { ...edit, message: randomUUID() })).toBe('unknown-message')
    expect(await amend(hers, { ...edit, message: 'no-uuid' })).toBe('unknown-message')
    expect(await amend(hers, { ...edit, conversation: 'no-uuid' })).toBe('unknown-conversation')
    expect(await amend(hers, { ...edit, body: { text: 'x'.repeat(70_000) } })).toBe('too-large')
    expect(await amend(his, { type: 'retract', ...about })).toBe('not-allowed')
    expect(await amend(his, { type: 'react', ...about, reaction: 'x'.repeat(65) })).toBe('bad-frame')
    expect(await seen(bob, conversation)).toEqual([expect.objectContaining({ body: { text: 'first' } })])
    await amend(hers, { type: 'retract', ...about })
    expect(await amend(hers, edit)).toBe('not-allowed')
  })

  it('[T6] answers one of the same conversation that its sender may see', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const hers = await box.connect(ann)
    const { conversation, id } = await hers.send({ user: bob }, 'first')
    const elsewhere = await hers.send({ user: eve }, 'elsewhere')
    const reply = (replyTo: string) => ({ type: 'send', to: { user: bob }, body: { text: 'yes', replyTo } })
    expect(await amend(hers, reply(id.toUpperCase()))).toMatchObject({ type: 'sent', conversation })
    expect(await amend(hers, reply(elsewhere.id))).toBe('unknown-message')
    expect(await amend(hers, reply('no-uuid'))).toBe('bad-frame')
    expect((await seen(bob, conversation)).at(-1)).toMatchObject({ body: { text: 'yes', replyTo: id.toUpperCase() } })
  })

  it('[T8] an auditor reads every body it had, and what became of it', async () => {
    const { ann, bob } = people('ann', 'bob')
    const hers = await box.connect(ann)
    const { conversation, id: message } = await hers.send({ user: bob }, 'first')
    await amend(hers, { type: 'edit', conversation, message, body: { text: 'second' } })
    await amend(hers, { type: 'react', conversation, message, reaction: '👍' })
    await amend(hers, { type: 'retract', conversation, message })
    const path = `/v1/audit/conversations/${conversation}/events?open=true`
    const { text } = await box.http('GET', path, { as: 'aud', roles: ['auditor'] })
    const lines = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Row)
    expect(lines.map(({ type, body }) => [type, (body as Row | undefined)?.['text']])).toEqual([
      ['ConversationStarted', undefined],
      ['MessageSent', 'first'],
      ['MessageEdited', 'second'],
      ['ReactionAdded', undefined],
      ['MessageRetracted', undefined],
    ])
  })
})

describe('typing', () => {
  it('[T9] is told the members who are here, not the session that says it, and leaves nothing', async () => {
    const { ann, bob, eve } = people('ann', 'bob', 'eve')
    const [phone, his, its] = await Promise.all([box.connect(ann), box.connect(bob), box.connect(eve)])
    const { conversation } = await phone.send({ user: bob }, 'hi')
    phone.say({ type: 'typing', conversation })
    expect(await his.next('typing')).toEqual({ type: 'typing', conversation, user: ann })
    its.say({ type: 'typing', conversation })
    expect(await its.next('error')).toMatchObject({ code: 'unknown-conversation' })
    phone.say({ type: 'typing', conversation: 'no-uuid' })
    expect(await phone.next('error')).toMatchObject({ code: 'unknown-conversation' })
    await his.send({ conversation }, 'hi yourself')
    await phone.next('message')
    expect([phone.of('typing').length, its.of('typing').length]).toEqual([0, 0])
    expect(await seen(bob, conversation)).toHaveLength(2)
  })
})
