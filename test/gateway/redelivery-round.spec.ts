// Rounds of pushing again, with sessions that note what they are handed and read models that answer as they are told.
import { describe, expect, it } from 'vitest'
import { createCursors } from '../../src/gateway/socket/cursor.ts'
import { Fanout } from '../../src/gateway/socket/fanout.ts'
import { createFrames } from '../../src/gateway/socket/frames.ts'
import { createRedelivery } from '../../src/gateway/socket/redelivery.ts'
import type { Keyring } from '../../src/eventstore/index.ts'
import type { MessageRow, Queries } from '../../src/projections/index.ts'
import { clock, conversation, ear, sent, started } from './given.ts'

const rounds = async () => {
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

function box() {
  const events = [started(['alice', 'bob'], { position: 100, seq: 0 }), sent('alice', { position: 200, seq: 1 })]
  const keyring = { open: (_: unknown, { box }: { box: string }) => box } as unknown as Keyring
  const frames = createFrames(keyring, createCursors('e'))
  const fanout = new Fanout(frames, -1)
  const bob = { ...ear('bob', 'b'), idle: true }
  fanout.attach(bob, new Map(), [])
  const time = clock()
  const row = { conversation, seq: 1, id: events[1]!.id, from: 'alice', at: '2026-01-02T03:04:05.006Z', position: 200 }
  const waiting: MessageRow[] = [{ ...row, content: { key: 'k', box: '{"text":"hi"}' } }]
  const failures: unknown[] = []
  const asked: number[] = []
  let holding = false
  const queries = {
    undelivered: () => Promise.resolve((asked.push(time.now()), waiting)),
    keepingMarks: (conversations: readonly string[]) => Promise.resolve(conversations),
  } as unknown as Queries
  const redelivery = createRedelivery({
    ...{ fanout, frames, timers: time, policy: { attempts: 3, backoffMs: 1_000 }, holds: () => holding },
    projections: { queries, reached: () => Promise.resolve(true) },
    feed: { head: () => 200 },
    failDelivery: failure => Promise.resolve((failures.push(failure), { failed: true })),
    log: { warn: () => undefined, error: () => undefined },
  })
  fanout.take(events, 200)
  redelivery.take(events)
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      time.pass(250)
      await rounds()
    }
  }
  const messages = () => bob.heard().filter(({ type }) => type === 'message').length
  const hold = (on: boolean) => (holding = on)
  /** The next message, and that bob has acknowledged those before. */
  const next = (seq: number) => {
    const event = sent('alice', { position: 100 + seq * 100, seq })
    fanout.take([event], event.position)
    redelivery.take([event])
    waiting.splice(0, Infinity, { ...waiting[0]!, seq, id: event.id, position: event.position })
  }
  return { bob, fanout, redelivery, pass, messages, failures, waiting, asked, hold, next }
}

describe('a round of pushing again', () => {
  it('[D6] comes after 1 s and after 2 s more, and 4 s later it is given up', async () => {
    const { pass, messages, failures } = box()
    await pass(750)
    expect(messages()).toBe(1)
    await pass(250)
    expect(messages()).toBe(2)
    await pass(2_000)
    expect(messages()).toBe(3)
    await pass(3_750)
    expect(failures).toEqual([])
    await pass(60_000)
    expect(messages()).toBe(3)
    expect(failures).toMatchObject([{ to: 'bob', reason: 'not-acknowledged', attempts: 3 }])
  })
  it('[D14] leaves out a session that is not live yet or has not taken what it has, and does not count then', async () => {
    const { bob, pass, messages, failures, asked } = box()
    bob.idle = false
    await pass(60_000)
    expect(messages()).toBe(1)
    expect([failures, asked]).toEqual([[], []])
    bob.idle = true
    await pass(1_000)
    expect(messages()).toBe(2)
  })
  it('[D6] does not come while acknowledgements are held back', async () => {
    const { pass, messages, failures, hold } = box()
    hold(true)
    await pass(60_000)
    expect([messages(), failures]).toEqual([1, []])
    hold(false)
    await pass(1_000)
    expect(messages()).toBe(2)
  })
  it('[D4] leaves out what was retracted or is over', async () => {
    const { pass, messages, failures, waiting } = box()
    waiting[0] = { ...waiting[0]!, content: null }
    waiting.push({ ...waiting[0], seq: 2, content: { key: 'k', box: '{}' }, expiresAt: '2026-01-02T03:04:05.007Z' })
    await pass(60_000)
    expect([messages(), failures]).toEqual([1, []])
  })
  it('[D5] is as old as the oldest that is overdue still, however many came before', async () => {
    const { pass, redelivery, next } = box()
    await pass(1_000)
    for (let seq = 2; seq < 60; seq++) {
      next(seq)
      await pass(1_250)
      expect(redelivery.waiting()).toBe(1)
      expect(redelivery.oldestMs()).toBeLessThan(1_000)
    }
    await pass(2_000)
    expect(redelivery.oldestMs()).toBeGreaterThanOrEqual(2_000)
  })
  it('[D5] does not count the time that somebody is away', async () => {
    const { bob, fanout, pass, redelivery } = box()
    await pass(2_000)
    expect(redelivery.oldestMs()).toBe(1_000)
    fanout.detach(bob)
    await pass(600_000)
    expect(redelivery.oldestMs()).toBe(0)
    fanout.attach(bob, new Map(), [])
    redelivery.arrived('bob', true)
    await pass(2_000)
    expect(redelivery.oldestMs()).toBe(2_000)
  })
})
