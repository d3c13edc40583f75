// kill -9 of everything in the middle of traffic: nothing acknowledged is lost, nothing doubled, read models as if built anew.
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { api, type AuditedEvent, type Sent } from '../../src/client/index.ts'
import { connectEventStore, startFeed } from '../../src/eventstore/index.ts'
import { openProjections } from '../../src/projections/index.ts'
import { dumpReadModels } from '../support/read-models.ts'
import { freePort, freshFolder, person, startServer, token, type Server } from '../support/server.ts'

const fault = (error: unknown) => {
  throw error
}

/** Builds the read models once more, beside those that are there, from the whole log. */
async function rebuiltBeside(server: Server) {
  const pool = new pg.Pool({ connectionString: server.printed.get('database')! })
  const store = connectEventStore(server.printed.get('store')!)
  const epochEvent = await store.last('epoch-begun')
  const { epoch } = epochEvent!.data as { epoch: string }
  const projections = await openProjections({ pool, epoch, schema: 'rebuilt', holds: store.holds })
  const feed = startFeed(store, undefined, { onSetAside: fault, onLost: fault })
  try {
    projections.start(feed, fault)
    await feed.live
    expect(await projections.reached(feed.head(), 60_000)).toBe(true)
    return { live: await dumpReadModels(pool, 'read'), rebuilt: await dumpReadModels(pool, 'rebuilt') }
  } finally {
    feed.stop()
    await projections.stop()
    await store.close()
    await pool.query('DROP SCHEMA rebuilt CASCADE')
    await pool.end()
  }
}

describe('kill -9 of everything', () => {
  it('[K1] loses nothing that was acknowledged, doubles nothing, and the read models are as if built anew', async () => {
    const dataDir = freshFolder()
    const env = { PORT: String(await freePort()) }
    let server = await startServer({ dataDir, env })
    const pairs = Array.from({ length: 8 }, (_, n) => [`from-${n}`, `to-${n}`] as const)
    const senders = await Promise.all(pairs.map(([from]) => person(server, from)))
    const readers = await Promise.all(pairs.map(([, to]) => person(server, to)))
    for (const { client } of readers)
      client.on('message', ({ conversation, seq }) => void setImmediate(() => client.markRead(conversation, seq)))

    const sent: Sent[] = []
    let sending = true
    const traffic = pairs.map(async ([, to], n) => {
      // four under way at once, each said again by the SDK with the same id until it is answered
      const lane = async () => {
        while (sending) sent.push(await senders[n]!.client.send({ user: to }, { text: `from ${n}` }))
      }
      await Promise.all([lane(), lane(), lane(), lane()])
    })
    for (let round = 1; round <= 3; round++) {
      const enough = sent.length + 200
      while (sent.length < enough) await new Promise(setImmediate)
      await server.kill()
      server = await startServer({ dataDir, env })
    }
    const enough = sent.length + 100
    while (sent.length < enough) await new Promise(setImmediate)
    sending = false
    await Promise.all(traffic)

    // every reader has every message, once, in order
    for (const [n, reader] of readers.entries()) {
      const mine = sent.filter(
        ({ conversation }) => conversation === sent.find(s => senders[n] && isFrom(s, n))?.conversation,
      )
      await reader.until(() => reader.of('message').length >= mine.length)
      const seqs = reader.of('message').map(({ seq }) => seq)
      expect(new Set(seqs).size).toBe(seqs.length)
      expect(seqs.sort((a, b) => a - b)).toEqual(mine.map(({ seq }) => seq).sort((a, b) => a - b))
    }
    await Promise.all([...senders, ...readers].map(({ client }) => client.close()))

    // the log has each acknowledged message once, at the seq and position that were answered
    const auditor = api({ url: server.url, token: await token(server.url, 'eve', ['auditor']) })
    for (const conversation of new Set(sent.map(one => one.conversation))) {
      const events: AuditedEvent[] = []
      for await (const event of auditor.audit.events(conversation))
        if (event.stream.startsWith('conversation-')) events.push(event)
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, n) => n))
      const inLog = events.filter(({ type }) => type === 'MessageSent')
      const answered = sent.filter(one => one.conversation === conversation).sort((a, b) => a.seq - b.seq)
      expect(inLog.map(({ id, revision, position }) => ({ id, seq: revision, position }))).toEqual(
        answered.map(({ id, seq, position }) => ({ id, seq, position })),
      )
    }

    const { live, rebuilt } = await rebuiltBeside(server)
    const { checkpoint: _, ...models } = live
    for (const [model, rows] of Object.entries(models)) expect(rebuilt[model], model).toEqual(rows)
    expect(await server.stop()).toBe(0)

    function isFrom({ conversation }: Sent, n: number): boolean {
      return readers[n]!.of('message').some(message => message.conversation === conversation)
    }
  })
})
