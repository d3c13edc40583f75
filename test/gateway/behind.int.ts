// Sessions that come back from far behind: what is held for them, and that it is all there.
import { describe, expect, it } from 'vitest'
import type { Change, Paged } from '../../src/projections/index.ts'
import { freshStack, type Stack } from '../support/stack.ts'
import { openGateway, people, type Box } from './support.ts'

const stack = freshStack()
const text = 'x'.repeat(50_000)

const positions = (client: Awaited<ReturnType<Box['connect']>>) => client.of('message').map(({ seq }) => seq)
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

/** Nothing is committed to the read models until it is let go on. */
async function halted() {
  const connection = await stack.pool.connect()
  await connection.query('begin')
  await connection.query('lock table read.checkpoint in exclusive mode')
  return async () => {
    await connection.query('commit')
    connection.release()
  }
}

describe('who comes back from far behind', () => {
  it('[Z4] while the read models are behind by more than may wait for one, is told all of it in order once they are there', async () => {
    const box = await openGateway(stack, { outboxBytes: 300_000 })
    const { alice, bob } = people('alice', 'bob')
    const [hers, first] = await Promise.all([box.connect(alice), box.connect(bob)])
    await hers.send({ user: bob }, 'begin')
    const { cursor, seq } = await first.next('message')
    first.ws.terminate()
    await stack.projections.reached(stack.feed.head(), 60_000)
    const goOn = await halted()
    for (let n = 0; n < 40; n++) await hers.send({ user: bob }, text)
    const back = await box.connect(bob, { quiet: true })
    back.say({ type: 'resume', cursor })
    const fresh = await box.connect(bob, { device: 'tablet', quiet: true })
    fresh.say({ type: 'ping' })
    await goOn()
    await back.next('resumed')
    expect(positions(back)).toEqual(range(seq + 1, seq + 40))
    await fresh.next('head')
    expect(positions(fresh)).toEqual(range(seq, seq + 40))
    for (const client of [hers, back, fresh]) client.ws.terminate()
    await box.gateway.close()
  })

  it('[Z5] with many others, all reading slowly, is read a page of a megabyte for, and the next as that is taken', async () => {
    const pages: Paged<Change>[] = []
    const counted: Stack['projections'] = {
      ...stack.projections,
      queries: {
        ...stack.projections.queries,
        changes: async (...asked) => {
          const page = await stack.projections.queries.changes(...asked)
          pages.push(page)
          return page
        },
      },
    }
    const box = await openGateway({ ...pick(stack), projections: counted })
    const { alice, bob } = people('alice', 'bob')
    const [hers, first] = await Promise.all([box.connect(alice), box.connect(bob)])
    await hers.send({ user: bob }, 'begin')
    const { cursor, seq } = await first.next('message')
    first.ws.terminate()
    for (let n = 0; n < 800; n += 10)
      await Promise.all(Array.from({ length: 10 }, () => hers.send({ user: bob }, text)))
    await stack.projections.reached(stack.feed.head(), 60_000)

    const readers = await Promise.all(range(1, 4).map(n => box.connect(bob, { device: `device-${n}`, quiet: true })))
    for (const reader of readers) {
      reader.say({ type: 'resume', cursor })
      reader.ws.pause()
    }
    // no reader takes anything: what is read for them comes to an end, after what their connections hold
    for (let before = -1; before !== pages.length;) {
      before = pages.length
      for (let n = 0; n < 10; n++) await hers.send({ user: alice }, 'time passes')
    }
    const bytes = pages.map(({ rows }) => rows.map(row => ('content' in row ? (row.content?.box.length ?? 0) : 0)))
    for (const page of bytes) expect(page.slice(0, -1).reduce((all, one) => all + one, 0)).toBeLessThan(1024 * 1024)
    const all = 4 * Math.ceil(800 / bytes[0]!.length)
    expect(pages.length).toBeLessThan(0.75 * all)

    for (const reader of readers) reader.ws.resume()
    for (const reader of readers) {
      await reader.next('resumed')
      expect(positions(reader)).toEqual(range(seq + 1, seq + 800))
    }
    expect(pages.length).toBeGreaterThanOrEqual(all)
    for (const client of [hers, ...readers]) client.ws.terminate()
    await box.gateway.close()
  })
})

/** The stack's parts as they are now. */
function pick({
  storeUrl,
  store,
  pool,
  epoch,
  keyring,
  feed,
  projections,
  commands,
  media,
  search,
  retention,
  folder,
}: Stack) {
  return { storeUrl, store, pool, epoch, keyring, feed, projections, commands, media, search, retention, folder }
}
