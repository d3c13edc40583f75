// Canaries and lags, over the real store and database: what they say while all is well, and while something is held back.
import { afterEach, describe, expect, it } from 'vitest'
import { tellProcess } from '../../src/app/metrics.ts'
import { sendCanaries, watchReadiness, type Canary } from '../../src/boxes/index.ts'
import {
  canaryStream,
  connectEventStore,
  startFeed,
  StoreUnavailable,
  type EventStore,
} from '../../src/eventstore/index.ts'
import { Appends, createMetrics } from '../../src/metrics/index.ts'
import { readMetrics } from '../support/metrics.ts'
import { asker, freshStack, readAll } from '../support/stack.ts'

const stack = freshStack()
const now = () => new Date().toISOString()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A process's canaries and metrics, over a client of its own. */
function watched(options: { patienceMs?: number; box?: string; everyMs?: number; answers?: boolean } = {}) {
  const { pool, feed, projections, search: index } = stack
  const appends = new Appends()
  const store = connectEventStore(stack.storeUrl, appends)
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const { box = 'box-1', answers = true, ...more } = options
  const unanswered: EventStore['append'] = async (...of) => {
    await store.append(...of)
    throw new StoreUnavailable('its answer was lost')
  }
  const canary = sendCanaries({
    store: answers ? store : { append: unanswered },
    feed,
    projections,
    box: () => box,
    now,
    log,
    everyMs: 20,
    ...more,
  })
  const readiness = watchReadiness({ store, pool, feed, projections, lagMs: 30_000, others: () => [] })
  const metrics = createMetrics()
  const stop = tellProcess(metrics, { appends, store, feed, projections, readiness, index, canary })
  closing.push(() => store.close(), readiness.stop, stop, canary.stop)
  return { store, canary, lines, told: async () => readMetrics(await metrics.text()) }
}

const comesThrough = async (canary: Canary, times = 2) => {
  const before = canary.through()
  await expect.poll(() => canary.through() - before).toBeGreaterThanOrEqual(times)
}

/** That somebody was active, as an event to append. */
const active = (user: string) => {
  const [id, at] = [crypto.randomUUID(), now()]
  const actor = { user, device: null, session: null }
  const metadata = { actor, origin: 'user' as const, at, correlationId: id, causationId: id }
  return { id, type: 'UserActive', data: { user, at }, metadata }
}

/** Nobody folds until what this answers is called. */
async function holdReadModels(): Promise<() => Promise<void>> {
  const client = await stack.pool.connect()
  await client.query('begin')
  await client.query('select * from read.checkpoint for update')
  return async () => {
    await client.query('rollback')
    client.release()
  }
}

describe('a canary', () => {
  it('[O7] is timed at each station: durable, back by the feed, in the read models', async () => {
    const { canary, told } = watched()
    await comesThrough(canary, 3)
    const read = await told()
    for (const leg of ['durable', 'feed', 'read_models'])
      expect(read.get(`verbatim_canary_${leg}_seconds_count`)).toBeGreaterThanOrEqual(3)
    expect(read.get('verbatim_canary_through_total')).toBeGreaterThanOrEqual(3)
    for (const leg of ['durable', 'feed', 'read_models'])
      expect(read.get(`verbatim_canary_lost_total{leg="${leg}"}`)).toBe(0)
  })

  it('[O7] each process knows its own from others’', async () => {
    const [one, other] = [watched({ box: 'one' }), watched({ box: 'other' })]
    await Promise.all([comesThrough(one.canary), comesThrough(other.canary)])
    const boxes = (await readAll(stack.store, canaryStream)).map(({ data }) => (data as { box: string }).box)
    expect(boxes).toEqual(expect.arrayContaining(['one', 'other']))
  })

  it('[O8] that does not come through is told with where it was last seen, and so is that they come again', async () => {
    const { canary, lines, told } = watched({ patienceMs: 1_000 })
    await comesThrough(canary)
    const release = await holdReadModels()
    const age = canary.ageMs()
    await expect.poll(() => canary.lost.read_models).toBeGreaterThanOrEqual(2)
    expect(canary.ageMs()).toBeGreaterThan(age)
    const read = await told()
    expect(read.get('verbatim_canary_age_seconds')).toBeGreaterThan(0.3)
    expect(read.get('verbatim_projection_lag_events')).toBeGreaterThanOrEqual(2)
    expect(read.get('verbatim_projection_lag_seconds')).toBeGreaterThan(0.3)
    expect(lines.at(-1)).toBe('a canary did not come through, the read models have not got it: it took too long')
    await release()
    await comesThrough(canary)
    expect(lines.at(-1)).toBe('canaries come through again')
  })

  it('[O8] whose append was not answered is judged by where it was seen', async () => {
    const { canary, lines } = watched({ patienceMs: 1_000, answers: false })
    await comesThrough(canary)
    expect(lines).toEqual([]) // each was in the read models
    const release = await holdReadModels()
    await expect.poll(() => canary.lost.read_models).toBeGreaterThanOrEqual(1)
    expect(canary.lost).toMatchObject({ durable: 0, feed: 0 })
    await release()
  })

  it('[O10] concerns nobody: no read model has a row of it, and its stream is bounded once', async () => {
    const { pool } = stack
    const rows = async () => {
      const { rows: tables } = await pool.query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
          where schemaname in ('read', 'search') and tablename not in ('checkpoint', 'progress')`,
      )
      return Promise.all(
        tables.map(async ({ name }) => {
          const found = await pool.query<{ n: number }>(`select count(*)::integer as n from ${name}`)
          return [name, found.rows[0]!.n]
        }),
      )
    }
    const before = await rows()
    const { canary } = watched()
    await comesThrough(canary, 5)
    expect(await rows()).toEqual(before)
    const [bound, ...others] = await readAll(stack.store, `$$${canaryStream}`)
    expect(others).toEqual([])
    expect(bound!.data).toEqual({ $maxCount: 1_000 })
  })
})

describe('lags', () => {
  it('[O9] of the read models and the search index are told in events and seconds, and are nothing when they have caught up', async () => {
    const { store, told } = watched()
    const release = await holdReadModels()
    for (let n = 0; n < 20; n++) await store.append('activity-zoe', [active('zoe')], 'any')
    await stack.commands.sendMessage(asker('zoe'), {
      ...{ id: crypto.randomUUID(), to: { user: 'yan' } },
      body: JSON.stringify({ text: 'hi' }),
    })
    const lag = async (name: string) => (await told()).get(`verbatim_projection_lag_${name}`)!
    await expect.poll(() => lag('events')).toBeGreaterThanOrEqual(20)
    await expect.poll(() => lag('seconds')).toBeGreaterThan(1)
    await expect.poll(async () => (await told()).get('verbatim_search_lag_events')).toBe(1)
    await expect.poll(async () => (await told()).get('verbatim_search_lag_seconds')).toBeGreaterThan(0.5)
    await release()
    await expect.poll(async () => (await told()).get('verbatim_search_lag_events')).toBe(0)
    await expect.poll(() => lag('events')).toBeLessThan(3)
    await expect.poll(() => lag('seconds')).toBeLessThan(1)
  })

  it('[O9] of a feed that is held back are told in events and seconds, and are nothing when it goes on', async () => {
    const { pool, projections, search: index } = stack
    const appends = new Appends()
    const store = connectEventStore(stack.storeUrl, appends)
    const hooks = { onSetAside: () => undefined, onLost: () => undefined }
    let feed = startFeed(store, stack.feed.head(), hooks)
    await feed.live
    feed.stop() // it stands still where it is
    const following = { head: () => feed.head(), since: () => [], setAside: () => 0 }
    const readiness = watchReadiness({ store, pool, feed: following, projections, lagMs: 30_000, others: () => [] })
    const metrics = createMetrics()
    let [now, asked] = [0, 0]
    const countAfter: EventStore['countAfter'] = (...of) => {
      asked++
      return store.countAfter(...of)
    }
    const measured = {
      appends,
      store: { countAfter },
      feed: following,
      projections,
      readiness,
      index,
      canary: undefined,
    }
    const stop = tellProcess(metrics, measured, () => now)
    closing.push(
      () => store.close(),
      readiness.stop,
      stop,
      () => feed.stop(),
    )
    const lag = async (name: string) => readMetrics(await metrics.text()).get(`verbatim_feed_lag_${name}`)
    expect([await lag('events'), asked]).toEqual([0, 0]) // it lacks nothing: there is nothing to ask

    await store.append('activity-yan', [active('yan'), active('yan'), active('yan')], 'any')
    await store.append('somebody-elses', [active('yan')], 'any') // not ours, and never to come by the feed
    expect(await lag('events')).toBe(3)
    await expect.poll(() => lag('seconds')).toBeGreaterThan(0.5)
    await store.append(
      'activity-yan',
      Array.from({ length: 1_500 }, () => active('yan')),
      'any',
    )
    now += 9_999
    expect([await lag('events'), asked]).toEqual([3, 1]) // however often it is looked at
    now += 1
    expect(await lag('events')).toBe(999) // it looks at a thousand, and one is not ours

    feed = startFeed(store, feed.head(), hooks)
    await expect.poll(() => lag('events')).toBe(0)
  })

  it('[O9] of the feed are nothing after what it is never to bring', async () => {
    const { store, told } = watched({ everyMs: 60_000 })
    const { position } = await store.append('activity-yan', [active('yan')], 'any')
    await expect.poll(() => stack.feed.head()).toBeGreaterThanOrEqual(position)
    const bound = { ...active('yan'), type: '$metadata', data: { $maxCount: 1_000 } }
    await store.append('$$activity-yan', [bound], 'any')
    for (let looks = 0; looks < 3; looks++) expect((await told()).get('verbatim_feed_lag_seconds')).toBe(0)
  })
})
