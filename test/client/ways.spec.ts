// Which way the connection takes: total, and what holds for every way through it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { step } from '../../src/client/connection.ts'
import type { Happening, State } from '../../src/client/connection.ts'
import { enough, turn, turns, wayOf, wayStates } from '../../src/client/ways.ts'
import type { Move, Turn, Ways } from '../../src/client/ways.ts'

const luck = fc.double({ min: 0, max: 0.999, noNaN: true })
const doubt = fc.integer({ min: 0, max: 2 })
const ofType: { [T in Turn['type']]: fc.Arbitrary<Turn> } = {
  left: fc.record({ type: fc.constant('left' as const), doubt }),
  reachable: fc.record({ type: fc.constant('reachable' as const), doubt }),
  well: fc.constant({ type: 'well' }),
  arrived: fc.record({ type: fc.constant('arrived' as const), luck }),
  timer: fc.record({ type: fc.constant('timer' as const), luck }),
  welcomed: fc.record({ type: fc.constant('welcomed' as const), ready: fc.boolean(), luck }),
  failed: fc.record({ type: fc.constant('failed' as const), luck }),
  retry: fc.constant({ type: 'retry' }),
}
const anyTurn = fc.oneof(...Object.values(ofType))
const examples: { [S in Ways['is']]: Ways } = {
  fixed: { is: 'fixed', way: 'socket' },
  socket: { is: 'socket', failed: 0, climbed: 0 },
  fallen: { is: 'fallen', climbed: 0 },
  resting: { is: 'resting', climbed: 1 },
  climbing: { is: 'climbing', climbed: 2 },
}
const does = (effects: readonly Move[]) => effects.map(effect => effect.do)
const after = (turns: readonly Turn[], from: Ways = examples.socket) =>
  turns.reduce((now, event) => turn(now, event).now, from)

describe('the way that is taken', () => {
  it('[C17] has an answer for every turn in every state', () => {
    for (const is of wayStates)
      for (const type of turns)
        fc.assert(
          fc.property(ofType[type], event => {
            expect(wayStates).toContain(turn(examples[is], event).now.is)
          }),
          { numRuns: 5 },
        )
    expect(wayStates.length * turns.length).toBe(40)
  })

  it('[C18] is polls after three sockets that fail at once, or two that nobody answers, where HTTP works, and not where it does not', () => {
    const failed = (doubt: number): Turn[] => [
      { type: 'left', doubt },
      { type: 'reachable', doubt },
    ]
    expect(wayOf(after([...failed(1), ...failed(1)]))).toBe('socket')
    expect(wayOf(after([...failed(1), ...failed(1), ...failed(1)]))).toBe('poll')
    expect(wayOf(after([...failed(2)]))).toBe('socket')
    expect(wayOf(after([...failed(2), ...failed(2)]))).toBe('poll')
    expect(after(Array.from({ length: 50 }, () => ({ type: 'left', doubt: 2 }) as const))).toEqual(examples.socket)
    expect(wayOf(after([...failed(2), { type: 'well' }, ...failed(2)]))).toBe('socket')
  })

  it('asks whether HTTP works only where something speaks against sockets', () => {
    expect(does(turn(examples.socket, { type: 'left', doubt: 1 }).effects)).toEqual(['ask'])
    expect(turn(examples.socket, { type: 'left', doubt: 0 }).effects).toEqual([])
  })

  it('[C18] is a socket again, and polls after one that fails, where polls were lost', () => {
    for (const is of ['fallen', 'resting', 'climbing'] as const) {
      const lost = after([{ type: 'left', doubt: 1 }], examples[is])
      expect(wayOf(lost)).toBe('socket')
      expect(wayOf(after([{ type: 'reachable', doubt: 1 }], lost))).toBe('poll')
    }
  })

  it('[C19] tries a socket beside the polls ever more seldom, and moves when one is welcomed', () => {
    let now = after([{ type: 'arrived', luck: 0.5 }], examples.fallen)
    const factors: number[] = []
    for (let n = 0; n < 8; n++) {
      const climbing = turn(now, { type: 'timer', luck: 0.5 })
      expect(does(climbing.effects)).toEqual(['no timer', 'try'])
      const failed = turn(climbing.now, { type: 'failed', luck: 0.5 })
      factors.push(...failed.effects.flatMap(effect => (effect.do === 'rest' ? [effect.factor] : [])))
      now = failed.now
    }
    expect(factors).toEqual([2, 4, 8, 16, 20, 20, 20, 20])
    const moved = turn(turn(now, { type: 'timer', luck: 0 }).now, { type: 'welcomed', ready: true, luck: 0 })
    expect(does(moved.effects)).toEqual(['move'])
    expect(wayOf(moved.now)).toBe('socket')
  })

  it('[C19] does not forget how often it has climbed before a socket is well, so that it does not go up and down', () => {
    const moved = turn(examples.climbing, { type: 'welcomed', ready: true, luck: 0 }).now
    const fallen = after(
      [
        { type: 'left', doubt: 1 },
        { type: 'reachable', doubt: 1 },
      ],
      moved,
    )
    expect(fallen).toEqual({ is: 'fallen', climbed: 3 })
    expect(after([{ type: 'well' }], moved)).toEqual({ is: 'socket', failed: 0, climbed: 0 })
  })

  it('[C2] has one socket beside the polls at most, and none once they are lost', () => {
    fc.assert(
      fc.property(fc.array(anyTurn, { maxLength: 60 }), events => {
        let now = examples.socket
        let beside = 0
        let timer = false
        for (const event of events) {
          if (event.type === 'timer' && now.is !== 'resting') continue // that of a socket being tried says `failed`
          if (['welcomed', 'failed'].includes(event.type) && beside === 0) continue
          if (event.type === 'timer') timer = false
          const taken = turn(now, event)
          for (const effect of taken.effects) {
            if (effect.do === 'try') [beside, timer] = [beside + 1, true] // for as long as opening may take
            if (effect.do === 'drop' || effect.do === 'move') [beside, timer] = [0, false]
            if (effect.do === 'rest') timer = true
            if (effect.do === 'no timer') timer = false
          }
          now = taken.now
          expect(beside).toBe(now.is === 'climbing' ? 1 : 0)
          expect(timer).toBe(now.is === 'climbing' || now.is === 'resting')
        }
      }),
    )
  })

  it('stays what it was told to be', () => {
    fc.assert(
      fc.property(anyTurn, event => {
        expect(turn(examples.fixed, event)).toEqual({ now: examples.fixed, effects: [] })
      }),
    )
  })
})

describe('what speaks against sockets', () => {
  const doubtOf = (now: State, event: Happening) =>
    step(now, event).effects.flatMap(effect => (effect.do === 'left' ? [effect.doubt] : []))[0]
  const lost = (more: Partial<Extract<Happening, { type: 'lost' }>> = {}): Happening => ({
    ...{ type: 'lost', code: 1006, reason: '', luck: 0 },
    ...more,
  })
  const timer: Happening = { type: 'timer', silent: true, luck: 0 }

  it('[C18] is one that ends before its welcome, or soon after it without a word, and not one that was well or was sent away', () => {
    expect(doubtOf({ is: 'connecting', attempt: 0 }, lost())).toBe(1)
    expect(doubtOf({ is: 'settling', attempt: 0 }, lost({ code: 1000 }))).toBe(1)
    expect(doubtOf({ is: 'connecting', attempt: 0 }, timer)).toBe(2)
    expect(doubtOf({ is: 'live', attempt: 0, probed: false, well: false }, lost())).toBe(1)
    expect(doubtOf({ is: 'resuming', attempt: 0, probed: true, well: false }, timer)).toBe(2)
    expect(doubtOf({ is: 'live', attempt: 0, probed: false, well: true }, lost())).toBe(0)
    expect(doubtOf({ is: 'live', attempt: 0, probed: true, well: true }, timer)).toBe(0)
    expect(doubtOf({ is: 'live', attempt: 0, probed: false, well: false }, lost({ code: 1011 }))).toBe(0)
    expect(doubtOf({ is: 'settling', attempt: 0 }, lost({ code: 4002 }))).toBe(0)
    expect(doubtOf({ is: 'connecting', attempt: 0 }, lost({ afterMs: 1000 }))).toBe(0)
    expect(enough).toBe(3)
  })
})
