// Temporary chats end: what was said is gone, everywhere and for good, and what happened stays on record.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, type Sent } from '../../src/client/index.ts'
import { startPostgres } from '../../src/postgres/index.ts'
import { startEngines } from '../support/boxes.ts'
import { photo } from '../support/images.ts'
import { freePort, freshFolder, person, startServer, token, verbatim, type Server } from '../support/server.ts'

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))

/** Files that have one of these in them. */
const filesWith = (pieces: readonly Buffer[], folder: string): string[] =>
  filesIn(folder).filter(path => {
    const file = readFileSync(path)
    return pieces.some(piece => file.includes(piece))
  })

/** Pieces from all over some bytes. */
const piecesOf = (bytes: Buffer): Buffer[] =>
  Array.from({ length: 8 }, (_, n) => {
    const from = Math.floor(((bytes.length - 44) * n) / 8) + 20
    return bytes.subarray(from, from + 24)
  })

const text = (text: string) => [Buffer.from(text), Buffer.from(Buffer.from(text).toString('base64').slice(1, -3))]
const sizeOf = async (blob: Promise<Blob>) => (await blob).size

/** The keys of a conversation, as the database has them: when it was looked, and how many. */
async function keysOf(server: Server, conversation: string): Promise<{ at: number; keys: number }> {
  const database = new pg.Client(server.printed.get('database'))
  await database.connect()
  try {
    const question = `SELECT extract(epoch FROM now())::float8 * 1000 AS at,
      (SELECT count(*)::integer FROM keyring.content_key WHERE conversation = $1) AS keys`
    return (await database.query<{ at: number; keys: number }>(question, [conversation])).rows[0]!
  } finally {
    await database.end()
  }
}

async function auditOf(server: Server, conversation: string) {
  const { audit } = api({ url: server.url, token: await token(server.url, 'eve', ['auditor']) })
  const events = []
  for await (const event of audit.events(conversation, { open: true })) events.push(event)
  return events
}

const ttlMs = 4_000
const temporary = { mode: 'temporary', ttl: '4s' } as const

describe('a temporary chat', () => {
  const dataDir = freshFolder()
  let env: Record<string, string>
  let server: Server
  beforeAll(async () => {
    env = { PORT: String(await freePort()) }
    server = await startServer({ dataDir, env })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  it('[X6] is gone after its time, every byte of it, and its events are all there; a permanent one beside it stays', async () => {
    const [alice, bob] = [await person(server, 'alice'), await person(server, 'bob')]
    const { id: chat } = await alice.client.startGroup({ name: 'brief', members: ['bob'], retention: temporary })
    const [fleeting, lasting] = [await photo('png', 300, 200), await photo('png', 310, 200)]

    const kept = await alice.client.uploadMedia(lasting)
    const stays = await alice.client.send({ user: 'bob' }, { text: 'the lasting words', attachments: [kept.id] })
    await expect.poll(() => filesIn(join(dataDir, 'media')).length).toBe(1)
    const [lastingBlob] = filesIn(join(dataDir, 'media'))

    const image = await alice.client.uploadMedia(fleeting)
    const [fleetingBlob] = filesIn(join(dataDir, 'media')).filter(path => path !== lastingBlob)
    const said = await alice.client.send(
      { conversation: chat },
      { text: 'the fleeting words', attachments: [image.id] },
    )
    const { position } = await alice.client.edit(chat, said.id, {
      text: 'the fleeting correction',
      attachments: [image.id],
    })
    await bob.until(() => bob.of('edited').length === 1)
    const expiresAt = new Date(Date.parse(said.at) + ttlMs).toISOString()
    const [told] = bob.of('message').filter(({ conversation }) => conversation === chat)
    expect(told).toMatchObject({ body: { text: 'the fleeting words' }, expiresAt })
    expect(bob.of('edited')[0]).toMatchObject({ body: { text: 'the fleeting correction' }, expiresAt })
    const served = Buffer.from(await (await bob.client.media(image.id)).arrayBuffer())
    const small = Buffer.from(await (await bob.client.media(image.id, { width: 100 })).arrayBuffer())
    const sealed = readFileSync(fleetingBlob!)
    const [before] = await bob.client.messages(chat, { after: said.seq - 1, atLeast: said.position })
    expect(before).toMatchObject({ body: { text: 'the fleeting correction' }, expiresAt })
    expect(filesWith(piecesOf(sealed), dataDir)).toEqual([fleetingBlob]) // the search finds what is there
    const recorded = await auditOf(server, chat)

    // [X2] each look until the key is gone is before the time was over, or not more than ten seconds after
    for (let look = await keysOf(server, chat); look.keys > 0; look = await keysOf(server, chat)) {
      expect(look.keys).toBe(1)
      expect(look.at).toBeLessThan(Date.parse(expiresAt) + 10_000)
    }
    expect((await keysOf(server, chat)).at).toBeGreaterThan(Date.parse(expiresAt))

    const isGone = async () => {
      const carol = await person(server, 'bob', { device: 'tablet' })
      const [over] = await carol.client.messages(chat, { after: said.seq - 1, atLeast: position })
      expect(over).toEqual({
        ...{ seq: said.seq, id: said.id, from: 'alice', at: said.at },
        expiresAt,
        body: null,
        expired: true,
      })
      const { conversations } = await carol.client.inbox()
      const line = conversations.find(({ conversation }) => conversation === chat)
      expect(line).toMatchObject({ last: { id: said.id, body: null, expired: true } })
      await expect(carol.client.media(image.id)).rejects.toMatchObject({ code: 'unknown-media', status: 404 })
      const events = await auditOf(server, chat)
      expect(
        events.filter(({ stream }) => stream.startsWith('conversation')).map(({ id, revision }) => [id, revision]),
      ).toEqual(
        recorded.filter(({ stream }) => stream.startsWith('conversation')).map(({ id, revision }) => [id, revision]),
      )
      for (const { type, body, expired, data } of events.filter(({ type }) => /^Message(Sent|Edited)$/.test(type)))
        expect([type, body, expired, data]).toEqual([
          type,
          undefined,
          true,
          expect.objectContaining({ content: expect.anything() as object }),
        ])
      await expect.poll(() => filesIn(join(dataDir, 'media'))).toEqual([lastingBlob])
      const pieces = [
        ...['the fleeting words', 'the fleeting correction'].flatMap(text),
        ...[fleeting, served, small, sealed].flatMap(piecesOf),
      ]
      expect(filesWith(pieces, dataDir)).toEqual([])
      expect((await keysOf(server, chat)).keys).toBe(0)

      const [lasts] = await carol.client.messages(stays.conversation, { after: stays.seq - 1 })
      expect(lasts).toMatchObject({ body: { text: 'the lasting words' } })
      expect(await sizeOf(carol.client.media(kept.id))).toBe(kept.size)
      expect((await keysOf(server, stays.conversation)).keys).toBe(1)
      await carol.client.close()
    }
    await isGone()

    const [edit, mark] = [bob.client.react(chat, said.id, '👍'), alice.client.edit(chat, said.id, { text: 'again' })]
    for (const refused of [edit, mark])
      await expect(refused).rejects.toMatchObject({
        code: 'unknown-message',
        message: 'the time of this message is over',
      })

    // after kill -9, and with read models made again from the log
    await server.kill()
    const postgres = await startPostgres({ dir: join(dataDir, 'postgres') })
    const database = new pg.Client(postgres.url)
    await database.connect()
    await database.query('DROP SCHEMA read CASCADE')
    await database.end()
    await postgres.close()
    server = await startServer({ dataDir, env })
    await Promise.all([alice.client.close(), bob.client.close()])
    await isGone()
  })

  it('[X1] tells who comes late that its time is over, and tells who was there', async () => {
    const { client: alice } = await person(server, 'alice')
    const bob = await person(server, 'bob')
    const over: string[] = []
    bob.client.on('expired', ({ id }) => over.push(id))
    const { id: chat } = await alice.startGroup({
      ...{ name: 'quick', members: ['bob', 'carl'], delivered: true },
      retention: { mode: 'temporary', ttl: '1s' },
    })
    const { id } = await alice.send({ conversation: chat }, { text: 'now or never' })
    await bob.until(() => bob.of('message').some(message => message.id === id))
    expect(bob.of('message').find(message => message.id === id)!.body).toEqual({ text: 'now or never' })
    await expect.poll(() => over).toEqual([id])
    const carl = await person(server, 'carl') // what no device has acknowledged is pushed again
    await carl.until(() => carl.of('message').length === 1)
    expect(carl.of('message')[0]).toMatchObject({ id, body: null, expired: true })
    await Promise.all([alice, bob.client, carl.client].map(client => client.close()))
  })

  it('[X3] keeps to what was promised when a message was said, whatever is changed later', async () => {
    const { client: alice } = await person(server, 'alice')
    const bob = await person(server, 'bob')
    const { id: chat } = await alice.startGroup({ name: 'changing', members: ['bob'], retention: temporary })
    const say = (words: string): Promise<Sent> => alice.send({ conversation: chat }, { text: words })
    const short = await say('for a moment')
    await alice.changeConversation(chat, { retention: { mode: 'temporary', ttl: '30d' } })
    const long = await say('for a month')
    await alice.changeConversation(chat, { retention: { mode: 'permanent' } })
    const ever = await say('for ever')
    await bob.until(() => bob.of('changed').filter(({ conversation }) => conversation === chat).length === 2)
    expect(
      bob
        .of('changed')
        .slice(-2)
        .map(({ retention }) => retention),
    ).toEqual([{ mode: 'temporary', ttl: '30d' }, { mode: 'permanent' }])
    await expect.poll(async () => (await keysOf(server, chat)).keys).toBe(2)
    const messages = await alice.messages(chat, { atLeast: ever.position })
    expect(messages.map(({ seq, body, expired }) => [seq, body, expired])).toEqual([
      [short.seq, null, true],
      [long.seq, { text: 'for a month' }, undefined],
      [ever.seq, { text: 'for ever' }, undefined],
    ])
    const shown = await verbatim(['retention', 'run', '--dry-run', '--url', server.url])
    expect([shown.code, shown.err]).toEqual([0, ''])
    const [row] = shown.out.split('\n').filter(line => line.startsWith(chat))
    expect(row).toMatch(/^\S+ +0 +0 +0 +– +1 +\d{4}-\S+Z +changing$/)
    await Promise.all([alice.close(), bob.client.close()])
  })

  it('[X4] is gone before anything is served, where its time was over while nothing ran', async () => {
    const { client: alice } = await person(server, 'alice')
    const { id: chat } = await alice.startGroup({ name: 'down', retention: temporary })
    const { at } = await alice.send({ conversation: chat }, { text: 'while we were away' })
    expect((await keysOf(server, chat)).keys).toBe(1)
    await server.kill()
    const due = Math.ceil((Date.parse(at) + ttlMs) / 5_000) * 5_000
    await new Promise(resolve => setTimeout(resolve, due - Date.now()))
    server = await startServer({ dataDir, env })
    expect((await keysOf(server, chat)).keys).toBe(0)
    await alice.close()
  })
})

describe('over several processes', () => {
  it('[X7] an operator asks the gateway, and the command process deletes what is due', async () => {
    const engines = await startEngines()
    const commands = await engines.box('commands,projections')
    const gateway = await engines.box('gateway', { COMMANDS_URL: commands.url.replace('http', 'ws') })
    const { client: alice } = await person(gateway, 'alice')
    const { id: chat } = await alice.startGroup({ name: 'split', retention: temporary })
    const { position } = await alice.send({ conversation: chat }, { text: 'there and then gone' })
    const operator = api({ url: gateway.url, token: await token(gateway.url, 'olga', ['admin']) })
    await alice.messages(chat, { atLeast: position })
    const { conversations, deleted } = await operator.runRetention()
    expect(conversations).toMatchObject([{ conversation: chat, name: 'split', keptMessages: 1, keptKeys: 1, keys: 0 }])
    expect(deleted).toEqual({ keys: 0, images: 0 })
    await expect(
      api({ url: gateway.url, token: await token(gateway.url, 'alice') }).runRetention(),
    ).rejects.toMatchObject({
      code: 'wrong-role',
    })
    await expect.poll(async () => (await operator.runRetention({ dryRun: true })).conversations).toEqual([])
    const [over] = await alice.messages(chat)
    expect(over).toMatchObject({ body: null, expired: true })
    await alice.close()
    await engines.close()
  })
})
