// Two people talk, over the SDK, and all of it is on the record.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, type AuditedEvent } from '../../src/client/index.ts'
import { person, startServer, token, type Server } from '../support/server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

const audited = async (conversation: string, open = true) => {
  const auditor = api({ url: server.url, token: await token(server.url, 'eve', ['auditor']) })
  const events: AuditedEvent[] = []
  for await (const event of auditor.audit.events(conversation, { open })) events.push(event)
  return events
}

describe('two people', () => {
  it('[W1] exchange messages both ways: sent, message, delivered and read once each, seq without a gap', async () => {
    const people = { alice: await person(server, 'alice'), bob: await person(server, 'bob') }
    const [alice, bob] = [people.alice.client, people.bob.client]
    // the app acknowledges when its listeners are through; the user reads after that
    bob.on('message', ({ conversation, seq }) => void setImmediate(() => bob.markRead(conversation, seq)))
    alice.on('message', ({ conversation, seq }) => void setImmediate(() => alice.markRead(conversation, seq)))
    const texts: string[] = []
    let conversation = ''
    for (let n = 0; n < 10; n++) {
      const [from, to] = n % 2 === 0 ? ([people.alice, 'bob'] as const) : ([people.bob, 'alice'] as const)
      texts.push(`message ${n}`)
      const sent = await from.client.send({ user: to }, { text: `message ${n}` })
      conversation = sent.conversation
      expect(sent.seq).toBe(n + 1)
      await from.until(() => from.of('receipt').some(({ read }) => read === n + 1))
    }
    for (const who of ['alice', 'bob'] as const) {
      const other = who === 'alice' ? 'bob' : 'alice'
      const messages = people[who].of('message')
      expect(messages.map(({ from }) => from)).toEqual(Array(5).fill(other))
      expect(messages.map(({ seq }) => seq)).toEqual([0, 2, 4, 6, 8].map(n => n + (who === 'alice' ? 2 : 1)))
      const marks = people[who].of('receipt').filter(({ by }) => by === other)
      const mine = [0, 2, 4, 6, 8].map(n => n + (who === 'alice' ? 1 : 2))
      expect(marks.flatMap(({ read }) => read ?? [])).toEqual(mine)
      expect(marks.flatMap(({ delivered }) => delivered ?? [])).toEqual(mine)
    }
    const events = await audited(conversation)
    const inOrder = events.filter(({ stream }) => stream.startsWith('conversation-'))
    expect(inOrder.map(({ revision }) => revision)).toEqual(Array.from({ length: 11 }, (_, n) => n))
    expect(inOrder.flatMap(({ body }) => body?.text ?? [])).toEqual(texts)
    expect(events.map(({ position }) => BigInt(position))).toEqual(
      events.map(({ position }) => BigInt(position)).sort((a, b) => (a < b ? -1 : 1)),
    )
    await Promise.all([alice.close(), bob.close()])
  })

  it('[W2] who was away gets what was missed, in order, once; their other device has it too', async () => {
    const { client: alice } = await person(server, 'alma')
    const phone = await person(server, 'ben', { device: 'phone' })
    await alice.send({ user: 'ben' }, { text: 'first' })
    await phone.until(() => phone.of('message').length === 1)
    const { cursor } = phone.of('message')[0]!
    await phone.client.close()
    for (const text of ['while', 'you', 'were', 'out']) await alice.send({ user: 'ben' }, { text })
    const laptop = await person(server, 'ben', { device: 'laptop', cursor })
    await alice.send({ user: 'ben' }, { text: 'welcome back' })
    await laptop.until(() => laptop.of('message').at(-1)?.body?.['text'] === 'welcome back')
    const texts = laptop.of('message').map(({ body }) => body?.['text'])
    expect(texts).toEqual(['while', 'you', 'were', 'out', 'welcome back'])
    const tablet = await person(server, 'ben', { device: 'tablet' })
    await laptop.client.send({ user: 'alma' }, { text: 'thanks' })
    await tablet.until(() => tablet.of('message').some(({ from }) => from === 'ben'))
    expect(laptop.of('message')).toHaveLength(5)
    await Promise.all([alice.close(), laptop.client.close(), tablet.client.close()])
  })

  it('[W3] history, inbox and receipts say the same, as soon as one has the position', async () => {
    const anna = await person(server, 'anna')
    const [alice, bob] = [anna.client, (await person(server, 'bert')).client]
    const sent = await alice.send({ user: 'bert' }, { text: 'hello', answer: { deep: [1, 2, { three: null }] } })
    await alice.send({ user: 'bert' }, { text: 'there' })
    const last = await bob.send({ user: 'anna' }, { text: 'hi' })
    const atLeast = last.position
    const history = await bob.messages(sent.conversation, { limit: 2, after: 0, atLeast })
    expect(history.map(({ body }) => body)).toEqual([
      { text: 'hello', answer: { deep: [1, 2, { three: null }] } },
      { text: 'there' },
    ])
    expect((await bob.messages(sent.conversation, { limit: 1 })).map(({ seq }) => seq)).toEqual([3])
    const [chat] = (await alice.inbox({ atLeast })).conversations
    expect(chat).toMatchObject({ conversation: sent.conversation, kind: 'direct', unread: 1, last: { seq: 3 } })
    bob.markRead(sent.conversation, 2)
    await anna.until(() => anna.of('receipt').some(({ read }) => read === 2))
    const { cursor: _, ...receipt } = anna.of('receipt').find(({ read }) => read === 2)!
    expect(receipt).toMatchObject({ conversation: sent.conversation, by: 'bert', read: 2 })
    await Promise.all([alice.close(), bob.close()])
  })

  it('[W4] no text of a body stands in the data folder in the clear', async () => {
    const secret = `swordfish-${crypto.randomUUID()}`
    const { client: alice } = await person(server, 'ada')
    const { conversation } = await alice.send({ user: 'bea' }, { text: secret })
    const events = await audited(conversation, false)
    expect(events.some(({ type }) => type === 'MessageSent')).toBe(true)
    expect(JSON.stringify(events)).not.toContain(secret)
    await alice.close()
    const { execFileSync } = await import('node:child_process')
    const found = execFileSync('sh', ['-c', `grep -rlaF "${secret}" "${server.dataDir}" || true`], { encoding: 'utf8' })
    expect(found).toBe('')
  })

  it('[W5] an analyst reads the views and nothing else', async () => {
    const { client: alice } = await person(server, 'amy')
    const { conversation, position } = await alice.send({ user: 'bo' }, { text: 'count me' })
    await alice.inbox({ atLeast: position })
    const analyst = new pg.Client({ connectionString: server.printed.get('analysts')! })
    await analyst.connect()
    try {
      const { rows } = await analyst.query('SELECT * FROM analytics.messages WHERE conversation = $1', [conversation])
      expect(rows).toMatchObject([{ author: 'amy' }])
      expect(JSON.stringify(rows)).not.toContain('count me')
      await expect(analyst.query('SELECT * FROM read.message')).rejects.toThrow(/permission denied/)
      await expect(analyst.query('SELECT * FROM keyring.content_key')).rejects.toThrow(/permission denied/)
      await expect(analyst.query('CREATE TABLE analytics.mine (a int)')).rejects.toThrow(/permission denied|read-only/)
    } finally {
      await analyst.end()
      await alice.close()
    }
  })

  it('[W6] what an auditor looked at is on the record too', async () => {
    const { client: alice } = await person(server, 'ali')
    const { conversation } = await alice.send({ user: 'bob' }, { text: 'x' })
    await audited(conversation)
    await alice.close()
    const user = api({ url: server.url, token: await token(server.url, 'ali') })
    await expect(user.audit.events(conversation).next()).rejects.toMatchObject({ code: 'wrong-role' })
  })
})
