// Leases: who holds one is there, whoever does not is gone, and all by the database's clock.
import { afterEach, describe, expect, it } from 'vitest'
import { openBoxes, watchReadiness } from '../../src/boxes/index.ts'
import { sessions } from '../../src/commands/index.ts'
import { asker, freshStack, readAll } from '../support/stack.ts'

const stack = freshStack()
const now = () => new Date().toISOString()
const uuid = () => crypto.randomUUID()
const opened: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const box of opened.splice(0)) await box.stop()
})

async function box(leaseMs: number) {
  const lines: string[] = []
  const { pool, projections, feed, store } = stack
  const closeSession = sessions(store, now).close
  const one = await openBoxes({
    pool,
    roles: ['gateway'],
    leaseMs,
    projections,
    feed,
    closeSession,
    log: line => void lines.push(line),
  })
  opened.push(one)
  return { ...one, lines }
}
const names = async () => (await (await box(60_000)).all()).map(one => one.box)
const sessionOn = (name: string) => ({ user: `ann-${uuid()}`, session: uuid(), device: 'phone', box: name })
const ends = async (user: string) =>
  (await readAll(stack.store, `session-${user}`)).flatMap(({ type, data }) => (type === 'SessionClosed' ? [data] : []))

describe('a lease', () => {
  it('[N13] is held as long as it is renewed, and given back by who stops', async () => {
    const one = await box(300)
    const other = await box(300)
    one.start(() => undefined)
    other.start(() => undefined)
    await expect
      .poll(async () => (await one.all()).find(({ box }) => box === one.name())!)
      .toSatisfy(({ since, until }: { since: string; until: string }) => Date.parse(until) - Date.parse(since) > 1_200)
    expect(await names()).toEqual(expect.arrayContaining([one.name(), other.name()]))
    await one.stop()
    expect(await names()).not.toContain(one.name())
    expect(await names()).toContain(other.name())
  })

  it('[N13] that is not renewed is taken away, and who comes back to it goes on under a new name', async () => {
    const frozen = await box(300)
    const first = frozen.name()
    const watching = await box(300)
    watching.start(() => undefined)
    await expect.poll(names).not.toContain(first)
    await expect.poll(() => watching.lines.join('\n')).toContain(first) // said once the database has answered
    const renamed = new Promise<string>(resolve => frozen.start(resolve))
    expect(await renamed).toBe(frozen.name())
    expect(frozen.name()).not.toBe(first)
    expect(await names()).toContain(frozen.name())
  })

  it('[N13] is still one’s own after a while in which nobody could renew or take it', async () => {
    const one = await box(1_500)
    await stack.pool.query(`update boxes.lease set expires_at = expires_at - interval '1 hour'`)
    const other = await box(1_500) // has just come: the others are given time to renew
    one.start(() => expect.unreachable('the lease was not lost'))
    other.start(() => undefined)
    await expect
      .poll(async () => (await one.all()).find(({ box }) => box === one.name()))
      .toSatisfy(({ until }: { until: string }) => Date.parse(until) > Date.now() - 1_500)
    expect(other.lines).toEqual([])
  })
})

describe('a box that is gone', () => {
  it('[N12] has its sessions closed once, over several boxes that notice at once, and its people are offline', async () => {
    const gone = await box(300)
    const all = Array.from({ length: 300 }, () => sessionOn(gone.name())) // more than a page
    const there = sessions(stack.store, now)
    await Promise.all(all.map(one => there.open(one)))
    for (const { user } of all.slice(0, 3)) await stack.commands.recordActivity(asker(user))
    expect(await stack.projections.reached(stack.feed.head(), 30_000)).toBe(true)
    const noticing = await Promise.all([box(300), box(300), box(300)])
    for (const one of noticing) one.start(() => undefined)
    await expect
      .poll(async () => (await stack.projections.queries.boxesWithSessions()).map(({ box }) => box), {
        timeout: 30_000,
      })
      .not.toContain(gone.name())
    for (const { user, session } of all) expect(await ends(user)).toMatchObject([{ session, why: 'box-lost' }])
    for (const { user } of all.slice(0, 3))
      expect(await stack.projections.queries.presence([user])).toMatchObject([{ sessions: [] }])
  })

  it('[N12] also where it was gone before anybody was there to see it', async () => {
    const one = sessionOn('a-box-of-last-year')
    await sessions(stack.store, now).open(one)
    const starting = await box(300)
    starting.start(() => undefined)
    await expect.poll(() => ends(one.user), { timeout: 30_000 }).toMatchObject([{ why: 'box-lost' }])
  })

  it('[N12] and who is there keeps theirs', async () => {
    const one = await box(300)
    one.start(() => undefined)
    const mine = sessionOn(one.name())
    await sessions(stack.store, now).open(mine)
    const lost = sessionOn('no-box')
    await sessions(stack.store, now).open(lost)
    await expect.poll(() => ends(lost.user), { timeout: 30_000 }).toHaveLength(1)
    expect(await ends(mine.user)).toEqual([])
  })
})

describe('readiness', () => {
  const parts = () => ({ store: stack.store, pool: stack.pool, lagMs: 50, others: () => [] as string[] })

  it('[N14] has no reason against it where store, database and read models are well', async () => {
    const { feed, projections } = stack
    const readiness = watchReadiness({ ...parts(), feed, projections })
    expect(await readiness.reasons()).toEqual([])
    readiness.stop()
  })

  it('[N14] names what does not answer, and whatever else stands in the way', async () => {
    const { feed, projections } = stack
    const readiness = watchReadiness({
      ...parts(),
      feed,
      projections,
      store: { last: () => Promise.reject(new Error('secret address')) },
      pool: { query: () => new Promise<never>(() => undefined) } as never,
      others: () => ['no command process is there'],
    })
    expect(await readiness.reasons()).toEqual([
      'the event store does not answer',
      'the database does not answer',
      'no command process is there',
    ])
    readiness.stop()
  })

  it('[N14] says how far the read models are behind, and no more once they have caught up', async () => {
    let [head, position] = [10, 10]
    const readiness = watchReadiness({
      ...parts(),
      feed: { head: () => head },
      projections: { position: () => position },
    })
    expect(await readiness.reasons()).toEqual([])
    head = 20
    await expect.poll(() => readiness.reasons()).toEqual(['the read models are 0 s behind'])
    head = 30
    position = 20 // behind, but moving
    expect(await readiness.reasons()).toEqual([])
    await expect.poll(() => readiness.reasons()).toHaveLength(1)
    position = 30
    expect(await readiness.reasons()).toEqual([])
    readiness.stop()
  })
})
