// Searching as its users do: through the SDK, over a restart, and at the terminal; and no word of it in Postgres' folder.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../../src/client/index.ts'
import { ended, freshFolder, person, start, startServer, token, verbatim, type Server } from '../support/server.ts'

const dataDir = freshFolder()
let server: Server
beforeAll(async () => {
  server = await startServer({ dataDir })
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

const texts = (found: { messages: readonly { body?: Record<string, unknown> | null }[] }) =>
  found.messages.map(({ body }) => body?.['text'])
const inPostgres = (text: string) =>
  execFileSync('sh', ['-c', `grep -rlaFi "${text}" "${join(dataDir, 'postgres')}" || true`], { encoding: 'utf8' })

describe('search', () => {
  it('[FS3] finds what one sees, in every conversation, and forgets what was edited, taken back, or is over', async () => {
    const [ann, bob] = [(await person(server, 'ann')).client, (await person(server, 'bob')).client]
    const { id: tea } = await ann.startGroup({ name: 'tea', members: ['bob'] })
    const { id: brief } = await ann.startGroup({
      name: 'brief',
      members: ['bob'],
      retention: { mode: 'temporary', ttl: '2s' },
    })
    await ann.send({ user: 'bob' }, { text: 'The harbour master waits in New York' })
    const wrong = await ann.send({ conversation: tea }, { text: 'harbour at six' })
    const secret = await ann.send({ conversation: tea }, { text: 'the harbour code is quicksilver' })
    const gone = await ann.send({ conversation: brief }, { text: 'harbour, but only for now' })
    expect(texts(await bob.search('harbour', { atLeast: gone.position }))).toHaveLength(4)
    await ann.edit(tea, wrong.id, { text: 'harbor at seven' })
    const { position: atLeast } = await ann.retract(tea, secret.id)
    while ((await bob.search('harbour', { atLeast })).messages.length > 1) await new Promise(setImmediate)
    expect(texts(await bob.search('harbour', { atLeast }))).toEqual(['The harbour master waits in New York'])
    expect(texts(await bob.search('"new york" or seven'))).toEqual([
      'harbor at seven',
      'The harbour master waits in New York',
    ])
    await expect(bob.search('-harbour')).rejects.toMatchObject({ code: 'bad-request', status: 400 })
    const eve = api({ url: server.url, token: await token(server.url, 'eve') })
    expect(await eve.search('harbour')).toEqual({ messages: [], next: null, complete: true })
    await Promise.all([ann.close(), bob.close()])
  })

  it('[FS5] no word stands in Postgres’ folder in the clear', async () => {
    const word = `palimpsest${crypto.randomUUID().slice(0, 8)}`
    const { client: ada } = await person(server, 'ada')
    const { conversation, position: atLeast } = await ada.send({ user: 'bea' }, { text: `a ${word} indeed` })
    expect(texts(await ada.search(word.toUpperCase(), { atLeast }))).toEqual([`a ${word} indeed`])
    await ada.close()
    expect(await server.stop()).toBe(0) // then all is on disk, tables and write-ahead log
    expect(inPostgres(conversation)).not.toBe('')
    expect(inPostgres(word)).toBe('')
    expect(inPostgres(word.slice(0, 10))).toBe('')
    server = await startServer({ dataDir })
  })

  it('[FS6] after kill -9 in the middle it goes on where it was, and has each message once', async () => {
    const { client: kim } = await person(server, 'kim')
    const sends = Array.from({ length: 300 }, (_, n) => kim.send({ user: 'lou' }, { text: `persistent ${n}` }))
    await Promise.all(sends.slice(0, 150))
    await Promise.all([server.kill(), ...sends.map(sent => sent.catch(() => undefined)), kim.close()])
    server = await startServer({ dataDir })
    const lou = api({ url: server.url, token: await token(server.url, 'lou') })
    const { conversations } = await lou.inbox()
    const { conversation } = conversations[0]!
    const history = await lou.messages(conversation, { limit: 1000 })
    const found: number[] = []
    let query: { before?: string; atLeast?: string; limit: number } = { limit: 70 }
    const { client: last } = await person(server, 'lou')
    query = { limit: 70, atLeast: (await last.send({ user: 'kim' }, { text: 'done' })).position }
    await last.close()
    for (;;) {
      const { messages, next } = await lou.search('PERSISTENT', query)
      found.push(...messages.map(({ seq }) => seq))
      if (next === null) break
      query = { limit: 70, before: next }
    }
    expect(found.reverse()).toEqual(history.map(({ seq }) => seq))
    expect(found.length).toBeGreaterThanOrEqual(150)
  })

  it('[FS2] is an order of the terminal client', async () => {
    const { client: tom } = await person(server, 'tom')
    const { position: atLeast } = await tom.send({ user: 'una' }, { text: 'the blue kettle' })
    await tom.search('kettle', { atLeast })
    await tom.close()
    const chat = start('cli/main.js', ['chat', 'una', '--url', server.url])
    chat.stdin!.end('/search "blue kettle"\n/search nothing\n')
    const { out, code } = await ended(chat)
    expect(code).toBe(0)
    expect(out).toMatch(/\[tom\] <tom> the blue kettle\n.*-- 1 with "blue kettle"\n(.*\n)*.*-- nothing has nothing\n/)
  })

  it('[FS11] the inboxes are checked against the log, and what was falsified is told', async () => {
    const checked = await verbatim(['projections', 'check', '--url', server.url])
    expect([checked.code, checked.out]).toEqual([
      0,
      expect.stringMatching(/^ok {4}inboxes: \d+ people, \d+ conversations, \d+ unread, as \d+ events of the log say/),
    ])
    const admin = new pg.Client({ connectionString: server.printed.get('database')! })
    await admin.connect()
    await admin.query("DELETE FROM read.membership WHERE user_id = 'una'")
    await admin.end()
    const wrong = await verbatim(['projections', 'check', '--url', server.url])
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringMatching(/^FAIL {2}una, conversation \S+: not in the inbox, the log says it is, with \d+ unread\n$/),
    ])
    expect(wrong.err).toMatch(/1 place differs from the log/)
  })
})
