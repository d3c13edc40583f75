// Load without sockets: when messages are refused, which marks are held and told in the end, how fast people are let in.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Asker } from '../../src/commands/index.ts'
import { refuse, type Refusal } from '../../src/domain/index.ts'
import { createAdmission } from '../../src/gateway/load/admission.ts'
import { createHeldMarks } from '../../src/gateway/load/held-marks.ts'
import { createLoad, type Measures } from '../../src/gateway/load/load.ts'
import type { Level } from '../../src/gateway/load/levels.ts'
import type { Outgoing } from '../../src/gateway/socket/outbox.ts'
import { defaults } from '../../src/gateway/settings.ts'
import { Flights } from '../../src/metrics/index.ts'
import { clock, conversation, textOf } from './given.ts'

const calm: Measures = { loopMs: 0, outboxBytes: 0, line: 0 }

function office() {
  const time = clock()
  const asks = new Flights(time.now)
  let measures = calm
  const load = createLoad(
    asks,
    () => measures,
    defaults.load,
    time,
    () => 0.5,
  )
  const told: string[] = []
  load.onChange(() => told.push(textOf(load.frame())))
  const press = (more: Partial<Measures>) => (measures = { ...calm, ...more })
  /** Time in which so many are answered at once between any two looks. */
  const go = (ms: number, many = 10) => {
    for (let left = ms; left > 0; left -= 50) {
      for (let n = 0; n < many; n++) asks.ended(asks.began())
      time.pass(Math.min(left, 50))
    }
  }
  return { time, asks, load, told, press, go }
}

describe('load', () => {
  it('[H8] each change is one frame that says the level and what is shed', () => {
    const { time, told, press } = office()
    press({ loopMs: 200 })
    time.pass(1_000)
    press({})
    time.pass(10_000)
    expect(told).toEqual([
      '{"type":"load","level":2,"shedding":["presence","typing"]}',
      '{"type":"load","level":1,"shedding":["presence"]}',
      '{"type":"load","level":0,"shedding":[]}',
    ])
  })

  it('[H7] refuses messages at level 4 alone, and only while those before them wait for too long', () => {
    const { asks, load, go } = office()
    const began = Array.from({ length: 40 }, () => asks.began())
    go(650)
    expect([load.level(), load.refusal()]).toEqual([1, undefined])
    go(350)
    expect(load.level()).toBe(4)
    expect(load.refusal()).toMatchObject({ refused: 'busy', retryAfterMs: 500 })
    for (const one of began) asks.ended(one)
    expect(load.refusal()).toBeUndefined()
  })

  it('[H7] where nothing is answered for a while, nothing is shed: what waits is answered when it goes on', () => {
    const { time, asks, load, told, go } = office()
    const began = Array.from({ length: 400 }, () => asks.began())
    go(2_900, 1) // what needs no disk is answered
    for (const one of began) asks.ended(one)
    go(1_000)
    expect([load.level(), load.refusal(), told]).toEqual([0, undefined, []])
    for (let n = 0; n < 400; n++) asks.began()
    time.pass(3_500)
    expect(load.level()).toBe(4)
    expect(load.refusal()).toMatchObject({ refused: 'busy' })
  })

  it('[H7] what comes while all stands still is taken, and so is what comes after', () => {
    const { time, asks, load } = office()
    const began: number[] = []
    const come = () => began.push(asks.began()) && load.refusal()
    const refusals: unknown[] = []
    for (let ms = 0; ms < 2_900; ms += 10) {
      refusals.push(come())
      time.pass(10)
    }
    for (let ms = 0; ms < 2_000; ms += 10) {
      for (const one of began.splice(0, 40)) asks.ended(one)
      refusals.push(come())
      time.pass(10)
    }
    expect([load.level(), refusals.filter(refusal => refusal !== undefined)]).toEqual([0, []])
  })

  it('[H7] a disk that takes long for each commit is no standstill', () => {
    const { time, asks, load } = office()
    for (let n = 0; n < 5; n++) {
      const began = Array.from({ length: 100 }, () => asks.began())
      time.pass(700)
      for (const one of began.slice(50)) asks.ended(one)
    }
    expect(load.level()).toBe(4)
  })

  it('[H7] what it can do is learnt from what it did while there was a queue', () => {
    const { asks, load, go } = office()
    go(5_000) // as much as was asked: next to nothing
    const began = Array.from({ length: 400 }, () => asks.began())
    for (const one of began.slice(0, 350)) asks.ended(one)
    go(1_000)
    expect(load.level()).toBe(4)
    for (const one of began.slice(350)) asks.ended(one)
    for (let n = 0; n < 120; n++) asks.began()
    expect(load.refusal()).toBeUndefined()
    for (let n = 0; n < 200; n++) asks.began()
    expect(load.refusal()).toMatchObject({ refused: 'busy' })
  })

  it('[H7] the more is refused of what is asked, the later it may come back', () => {
    const { time, asks, load, go } = office()
    for (let n = 0; n < 40; n++) asks.began()
    go(1_200)
    for (let n = 0; n < 5_000; n++) {
      asks.ended(asks.began())
      load.shed.messages += 3
    }
    time.pass(200)
    expect(load.refusal()?.retryAfterMs).toBeGreaterThan(1_900)
    expect(load.refusal()?.retryAfterMs).toBeLessThanOrEqual(2_000)
  })

  it('[H7] a few that take long are no queue, nor is one among many that hangs', () => {
    const { time, asks, load } = office()
    for (let n = 0; n < 31; n++) asks.began()
    time.pass(5_000)
    expect(load.level()).toBe(0)
    for (let n = 0; n < 400; n++) asks.began()
    time.pass(100)
    expect(load.pressure().waitMs).toBeLessThan(200)
  })
})

const by = (user: string): Asker => ({ actor: { user, device: 'phone', session: `${user}s` }, origin: 'user' })

function marksOffice(end = Infinity) {
  const given = office()
  const log: string[] = []
  const mark =
    (kind: string) =>
    (asker: Asker, { upTo }: { upTo: number }) => {
      const refusal: Refusal | undefined = upTo > end ? refuse('beyond-the-end') : undefined
      if (!refusal) log.push(`${asker.actor.user} ${kind} ${upTo}`)
      return Promise.resolve(refusal)
    }
  const note = () => undefined
  const commands = { markDelivered: mark('delivered'), markRead: mark('read') }
  const marks = createHeldMarks(commands, given.load, given.time, { warn: note, error: note })
  const errors: string[] = []
  const client = { tell: (frame: Outgoing) => void errors.push(textOf(frame)) }
  const hold = (kind: 'delivered' | 'read', user: string, upTo: number) =>
    marks.hold(kind, client, by(user), { conversation, upTo })
  return { ...given, marks, log, hold, errors }
}

describe('marks that are held', () => {
  it('[H6] are told a few seconds later, the latest of each device, read before delivered', () => {
    const { time, press, log, hold, marks } = marksOffice()
    press({ loopMs: 400 })
    time.pass(1_000)
    for (let upTo = 1; upTo <= 9; upTo++) for (const kind of ['delivered', 'read'] as const) hold(kind, 'ann', upTo)
    hold('delivered', 'bob', 3)
    time.pass(1_900)
    expect([log, marks.size()]).toEqual([[], 3])
    time.pass(300)
    expect(log).toEqual(['ann read 9'])
    time.pass(2_000)
    expect(log).toEqual(['ann read 9', 'ann delivered 9', 'bob delivered 3'])
    expect(marks.size()).toBe(0)
  })

  it('[H6] are told at once when it is over, and when the box stops', async () => {
    const { time, press, log, hold, marks, load } = marksOffice()
    press({ loopMs: 400 })
    time.pass(1_000)
    press({})
    time.pass(1_600)
    hold('delivered', 'ann', 1)
    time.pass(600)
    expect([load.level(), log]).toEqual([2, ['ann delivered 1']])
    hold('read', 'ann', 2)
    await marks.flush()
    expect(log).toEqual(['ann delivered 1', 'ann read 2'])
  })

  it('[H6] one that is refused is told so, and does not stand in the way of those before it', async () => {
    const { time, press, log, hold, marks, errors } = marksOffice(7)
    press({ loopMs: 400 })
    time.pass(1_000)
    for (const upTo of [5, 99, 7, 98]) hold('read', 'ann', upTo)
    await marks.flush()
    expect(log).toEqual(['ann read 7'])
    expect(errors.map(text => (JSON.parse(text) as { code: string }).code)).toEqual([
      'beyond-the-end',
      'beyond-the-end',
    ])
  })
})

function door(rate: number) {
  const time = clock()
  const at: { level: Level } = { level: 0 }
  const admission = createAdmission(
    { rate },
    () => at.level,
    time,
    () => 0.5,
  )
  const entered: number[] = []
  const refused: Refusal[] = []
  const start = time.now()
  const come = async () => {
    const refusal = await admission.enter()
    if (refusal) refused.push(refusal)
    else entered.push(time.now() - start)
  }
  const settle = () => new Promise<void>(resolve => setImmediate(resolve))
  return { time, at, admission, entered, refused, come, settle }
}

describe('admission', () => {
  it('[H9] lets as many in a second as the rate says, the next ones in line, and tells the rest when to come back', async () => {
    const { time, come, entered, refused, settle, admission } = door(10)
    for (let n = 0; n < 50; n++) void come()
    await settle()
    expect([entered.length, refused.length, admission.line()]).toEqual([10, 20, 1])
    for (const { refused: code, retryAfterMs } of refused) {
      expect(code).toBe('busy')
      expect(retryAfterMs).toBeGreaterThanOrEqual(2_000)
    }
    expect(refused.at(-1)!.retryAfterMs).toBe(4_000) // when all who were told before have had their turn
    for (let n = 0; n < 20; n++) {
      time.pass(100)
      await settle()
    }
    expect(entered).toHaveLength(30)
    expect([admission.admitted(), admission.refused(), admission.line()]).toEqual([30, 20, 0])
  })

  it('[H9] lets fewer in where it is too much', async () => {
    const { time, at, come, entered, settle } = door(10)
    at.level = 4
    for (let n = 0; n < 30; n++) void come()
    for (let n = 0; n < 10; n++) {
      time.pass(500)
      await settle()
    }
    expect(entered.length).toBeLessThanOrEqual(10 + 5)
  })

  it('[H9] never lets in more than the rate and one second’s worth besides, whenever they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.tuple(fc.nat(500), fc.nat(30)), { maxLength: 30 }),
        async (rate, arrivals) => {
          const { time, come, entered, settle } = door(rate)
          let passed = 0
          for (const [ms, count] of arrivals) {
            time.pass(ms)
            passed += ms
            for (let n = 0; n < count; n++) void come()
            await settle()
            expect(entered.length).toBeLessThanOrEqual(rate + (rate * passed) / 1000 + 1)
          }
        },
      ),
    )
  })

  it('[H9] who waits when the box stops waits no longer', async () => {
    const { come, entered, settle, admission } = door(1)
    for (let n = 0; n < 3; n++) void come()
    admission.stop()
    await settle()
    expect(entered).toHaveLength(3)
  })
})
