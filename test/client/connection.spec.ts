// The connection's table: total, and what holds for every way through it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoff } from '../../src/client/backoff.ts'
import { happenings, states, step } from '../../src/client/connection.ts'
import type { Effect, Happening, State } from '../../src/client/connection.ts'

const luck = fc.double({ min: 0, max: 0.999, noNaN: true })
const code = fc.oneof(fc.constantFrom(1000, 1001, 1006, 1009, 1011), fc.integer({ min: 4000, max: 4999 }))
const ofType: { [T in Happening['type']]: fc.Arbitrary<Happening> } = {
  connect: fc.constant({ type: 'connect' }),
  open: fc.constant({ type: 'open' }),
  welcome: fc.record({ type: fc.constant('welcome' as const), resumeFrom: fc.option(fc.string(), { nil: undefined }) }),
  resumed: fc.constant({ type: 'resumed' }),
  reset: fc.constant({ type: 'reset' }),
  moved: fc.record({ type: fc.constant('moved' as const), resumeFrom: fc.option(fc.string(), { nil: undefined }) }),
  lost: fc.record({ type: fc.constant('lost' as const), code, reason: fc.string(), luck }),
  refused: fc.constant({ type: 'refused', status: 401, reason: 'no' }),
  timer: fc.record({ type: fc.constant('timer' as const), silent: fc.boolean(), luck }),
  close: fc.constant({ type: 'close', reason: 'enough', code: 1000 }),
}
const happening = fc.oneof(...Object.values(ofType))
const examples: { [S in State['is']]: State } = {
  idle: { is: 'idle' },
  connecting: { is: 'connecting', attempt: 1 },
  settling: { is: 'settling', attempt: 1 },
  resuming: { is: 'resuming', attempt: 1, probed: false, well: false },
  live: { is: 'live', attempt: 0, probed: false, well: true },
  waiting: { is: 'waiting', attempt: 2 },
  closed: { is: 'closed', why: { code: 1000, reason: '' } },
}

const at = (name: State['is'], event: Happening) => step(examples[name], event)
const does = (effects: readonly Effect[]) => effects.map(effect => effect.do)

/** The socket as its owner has it: opened by `open`, gone by `drop` or when it was lost or refused. */
const socketAfter = (had: boolean, now: State, event: Happening, effects: readonly Effect[]) => {
  const hasOne = ['connecting', 'settling', 'resuming', 'live'].includes(now.is)
  // only an upgrade can be refused: later there is a socket, whose end is `lost`
  const gone = (hasOne && event.type === 'lost') || (now.is === 'connecting' && event.type === 'refused')
  let has = had && !gone
  let most = has ? 1 : 0
  for (const effect of effects) {
    if (effect.do === 'drop') has = false
    if (effect.do === 'open') {
      most = Math.max(most, has ? 2 : 1)
      has = true
    }
  }
  return { has, most }
}

describe('the connection', () => {
  it('[C1] has an answer for every event in every state', () => {
    for (const is of states)
      for (const type of happenings)
        fc.assert(
          fc.property(ofType[type], event => {
            expect(states).toContain(at(is, event).now.is)
          }),
          { numRuns: 5 },
        )
    expect(states.length * happenings.length).toBe(70)
  })

  it('[C2] never has two sockets, and none once it is closed or waits', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), events => {
        let now: State = { is: 'idle' }
        let socket = { has: false, most: 0 }
        for (const event of events) {
          // a socket speaks only where there is one: its owner has let go of the others
          if (!socket.has && ['open', 'welcome', 'resumed', 'reset', 'lost', 'refused'].includes(event.type)) continue
          const next = step(now, event)
          socket = socketAfter(socket.has, now, event, next.effects)
          now = next.now
          expect(socket.most).toBeLessThanOrEqual(1)
          expect(socket.has).toBe(['connecting', 'settling', 'resuming', 'live'].includes(now.is))
        }
      }),
    )
  })

  it('always has a timer running that will take it on, until it is closed', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), events => {
        let now: State = { is: 'idle' }
        let running = false
        for (const event of events) {
          if (event.type === 'timer') running = false
          const next = step(now, event)
          for (const effect of next.effects) if (effect.do === 'timer') running = effect.ms !== null
          // a timer that fires in a state without one is none of its owner's
          if (event.type === 'timer' && next.now === now) running = !['idle', 'closed'].includes(now.is)
          now = next.now
          expect(running).toBe(!['idle', 'closed'].includes(now.is))
        }
      }),
    )
  })

  it('[C3] sends `resume` first on a new socket, then what has to be said again', () => {
    const { now, effects } = at('settling', { type: 'welcome', resumeFrom: 'c7' })
    expect(now.is).toBe('resuming')
    expect(effects.slice(0, 2)).toEqual([{ do: 'send', frame: { type: 'resume', cursor: 'c7' } }, { do: 'catch up' }])
  })

  it('is live at once where there is nothing to resume, and says a word so that nothing is held back', () => {
    const { now, effects } = at('settling', { type: 'welcome', resumeFrom: undefined })
    expect(now.is).toBe('live')
    expect(effects[0]).toEqual({ do: 'send', frame: { type: 'ping' } })
  })

  it('is live after a reset, as after being resumed', () => {
    expect(at('resuming', { type: 'reset' }).now.is).toBe('live')
    expect(at('resuming', { type: 'resumed' }).now.is).toBe('live')
  })

  it('[C4] comes back after close codes 4000–4499 and the protocol’s own, and not after 4500–4999', () => {
    fc.assert(
      fc.property(
        code,
        fc.constantFrom('connecting' as const, 'settling' as const, 'resuming' as const, 'live' as const),
        (code, is) => {
          const { now } = at(is, { type: 'lost', code, reason: 'x', luck: 0.5 })
          expect(now.is).toBe(code >= 4500 ? 'closed' : 'waiting')
        },
      ),
    )
  })

  it('[C5] does not come back after a 401', () => {
    expect(at('connecting', { type: 'refused', status: 401, reason: 'no' }).now).toEqual({
      is: 'closed',
      why: { code: 401, reason: 'no' },
    })
  })

  it('stays closed whatever happens', () => {
    fc.assert(
      fc.property(happening, event => {
        expect(at('closed', event)).toEqual({ now: examples.closed, effects: [] })
      }),
    )
  })

  it('asks after a silence whether anyone is there, and after a second one looks for another socket', () => {
    const first = at('live', { type: 'timer', silent: true, luck: 0 })
    expect(first.effects[0]).toEqual({ do: 'send', frame: { type: 'ping' } })
    const second = step(first.now, { type: 'timer', silent: true, luck: 0 })
    expect(does(second.effects)).toEqual(['drop', 'left', 'timer'])
    expect(second.now.is).toBe('waiting')
    const heard = step(first.now, { type: 'timer', silent: false, luck: 0 })
    expect(heard.now).toEqual({ is: 'live', attempt: 0, probed: false, well: true })
  })

  it('[C14] waits for a time that is all luck, up to longer with each try, and never more than half a minute', () => {
    fc.assert(
      fc.property(fc.nat(1000), luck, (attempt, luck) => {
        const delay = backoff(attempt, luck)
        const whole = Math.min(30_000, 500 * 2 ** Math.min(attempt, 20))
        expect(delay).toBe(Math.round(whole * luck))
      }),
    )
  })

  const pauseOf = (event: Partial<Extract<Happening, { type: 'lost' }>>) => {
    const lost = { type: 'lost', code: 1006, reason: '', luck: 0.5, ...event } as const
    const timer = step({ is: 'live', attempt: 0, probed: false, well: true }, lost).effects.find(
      effect => effect.do === 'timer',
    )
    return timer?.ms
  }

  it('[C14] who is sent away with everybody else takes longer, so that they do not come back at once', () => {
    expect(pauseOf({ code: 1006 })).toBe(250)
    expect(pauseOf({ code: 4000 })).toBe(2_000)
    expect(pauseOf({ code: 4000, luck: 0 })).toBe(0)
  })

  it('[C15] where the server says when to come back, it is not before', () => {
    expect(pauseOf({ afterMs: 3_000 })).toBe(3_250)
    expect(pauseOf({ afterMs: 3_000, luck: 0 })).toBe(3_000)
  })

  it('starts its backoff over only when it has been live for a while', () => {
    const short = step(
      { is: 'live', attempt: 5, probed: false, well: false },
      { type: 'lost', code: 4002, reason: '', luck: 0 },
    )
    expect(short.now).toEqual({ is: 'waiting', attempt: 6 })
    expect(
      step({ is: 'live', attempt: 5, probed: false, well: false }, { type: 'timer', silent: false, luck: 0 }).now,
    ).toMatchObject({
      attempt: 0,
    })
  })
})
