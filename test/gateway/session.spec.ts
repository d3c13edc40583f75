// The session's table: what it does in each mode, and what holds however its events interleave.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refuse } from '../../src/domain/index.ts'
import type { Effect, Event, Mode, State } from '../../src/gateway/socket/session-types.ts'
import { initial, sessionTable, step } from '../../src/gateway/socket/session.ts'
import { frame } from './given.ts'

const table = sessionTable({ waitingBytes: 1_000_000, unanswered: 4 })
const ping = { type: 'ping' } as const
const send = { type: 'send', id: 'a', to: { user: 'bob' }, body: {} } as const
const pushed = (position: number): Event => ({ type: 'pushed', frame: frame(String(position), { position }) })
const framed = (said: typeof ping | typeof send): Event => ({ type: 'framed', frame: said, body: '{}' })
const loaded = (positions: number[], next?: number): Event => ({
  type: 'loaded',
  frames: positions.map(position => frame(String(position), { position })),
  next,
})
const drained = (head = 10): Event => ({ type: 'drained', head })

/** The effects of each event, one after the other. */
function run(events: readonly Event[], from: State = initial, limits = table) {
  let state = from
  const steps: (readonly Effect[])[] = []
  for (const event of events) {
    const next = step(limits, state, event)
    state = next.state
    steps.push(next.effects)
  }
  return { state, steps, effects: steps.flat() }
}

const welcomed: Event[] = [{ type: 'recorded' }, { type: 'attached', base: 5 }]
const toLive: Event[] = [...welcomed, { type: 'settled' }, loaded([]), drained()]
const positionsIn = (effects: readonly Effect[]) =>
  effects.flatMap(effect =>
    effect.do === 'send' && effect.frame.position !== undefined ? [effect.frame.position] : [],
  )

const every: Event[] = [
  { type: 'attached', base: 5 },
  { type: 'recorded' },
  framed(send),
  { type: 'garbled', refusal: refuse('bad-frame'), id: undefined },
  { type: 'resume', from: 3, head: 5 },
  { type: 'reached', reached: true, head: 5 },
  { type: 'answered', frame: undefined },
  pushed(6),
  { type: 'told', frame: frame('presence', { class: 'presence' }) },
  loaded([]),
  drained(),
  { type: 'settled' },
  { type: 'beat', head: 6 },
  { type: 'slow' },
  { type: 'failed' },
  { type: 'expired' },
  { type: 'stopped' },
  { type: 'lost' },
  { type: 'signed-out' },
  { type: 'closed', why: 'closed-by-client' },
]
const ways: Record<Mode, Event[]> = {
  opening: [],
  settling: welcomed,
  resuming: [...welcomed, { type: 'settled' }],
  live: toLive,
  closing: [...toLive, { type: 'stopped' }],
}
const modes = Object.keys(ways) as Mode[]

describe('a session', () => {
  it('[N7] of a box that was taken for lost is sent away to come back, and told to the log as lost', () => {
    for (const mode of modes.filter(mode => mode !== 'closing')) {
      const { effects } = step(table, run(ways[mode]).state, { type: 'lost' })
      expect(effects).toMatchObject([
        { do: 'end', why: 'box-lost' },
        { do: 'close', code: 4000 },
      ])
    }
  })

  it('[Y3] of a device that was signed out is sent away for good, and told to the log as that', () => {
    for (const mode of modes.filter(mode => mode !== 'closing')) {
      const { effects } = step(table, run(ways[mode]).state, { type: 'signed-out' })
      expect(effects).toMatchObject([
        { do: 'end', why: 'signed-out' },
        { do: 'close', code: 4501 },
      ])
    }
  })

  it('[Y6] that does not resume is told the head when the backlog and what waited have come', () => {
    const { steps } = run([...welcomed, pushed(6), { type: 'settled' }, loaded([2]), drained(6), pushed(7)])
    expect(steps.slice(0, 5).flat()).not.toContainEqual(expect.objectContaining({ do: 'head' }))
    expect(steps[5]).toMatchObject([{ do: 'send' }, { do: 'head', position: 6 }])
  })

  it('[G20] has a row for every event in every mode', () => {
    for (const mode of modes) {
      const { state } = run(ways[mode])
      expect(state.mode).toBe(mode)
      expect(Object.keys(table[mode]).sort()).toEqual([...new Set(every.map(({ type }) => type))].sort())
      for (const event of every) expect(step(table, state, event)).toHaveProperty('effects')
    }
  })

  it('[G2] is welcomed once, when the log has it and the fan-out has it, whichever is first', () => {
    const [recorded, attached] = welcomed as [Event, Event]
    for (const order of [
      [recorded, attached],
      [attached, recorded],
    ]) {
      const { steps } = run(order)
      expect(steps[0]).toEqual([])
      expect(steps[1]?.[0]).toEqual({ do: 'welcome', base: 5 })
    }
  })

  it('[G3] is pushed nothing with a cursor before its first frame', () => {
    const { steps } = run([...welcomed, pushed(6), pushed(7), framed(ping), loaded([2]), drained()])
    expect(positionsIn(steps.slice(0, 4).flat())).toEqual([])
    expect(positionsIn(steps.slice(4).flat())).toEqual([2, 6, 7])
  })

  it('[G3] or before it has had its time to settle', () => {
    const { steps } = run([...welcomed, pushed(6), { type: 'settled' }, loaded([]), drained()])
    expect(positionsIn(steps.slice(0, 3).flat())).toEqual([])
    expect(positionsIn(steps.slice(3).flat())).toEqual([6])
  })

  it('[G4] that resumes gets what it missed page by page, each when the one before was taken, then `resumed`, then what is new', () => {
    const { steps, state } = run([
      ...welcomed,
      pushed(6),
      { type: 'resume', from: 1, head: 6 },
      loaded([2, 3], 3),
      pushed(7),
      drained(7),
      loaded([4]),
      drained(7),
      pushed(8),
    ])
    expect(steps[3]).toEqual([{ do: 'load-changes', after: 1, upTo: 5 }])
    expect(steps[4]!.at(-1)).toEqual({ do: 'when-drained' })
    expect(steps[6]).toEqual([{ do: 'load-changes', after: 3, upTo: 5 }])
    expect(steps[8]!.at(-1)).toEqual({ do: 'resumed', position: 7 })
    expect(positionsIn(steps.flat())).toEqual([2, 3, 4, 6, 7, 8])
    expect(state.mode).toBe('live')
  })

  it('[G4] whose cursor is past what the read models have gets only what is after it', () => {
    const { effects } = run([...welcomed, pushed(6), pushed(7), { type: 'resume', from: 6, head: 7 }])
    expect(effects.slice(-2)).toMatchObject([{ do: 'send' }, { do: 'resumed', position: 7 }])
    expect(positionsIn(effects)).toEqual([7])
  })

  it('[G5] whose cursor is of another log or of none is told `reset` and goes on without it', () => {
    for (const reason of ['epoch', 'unknown-cursor'] as const) {
      const { steps } = run([...welcomed, { type: 'resume', from: reason, head: 5 }])
      expect(steps[2]).toEqual([
        { do: 'reset', reason },
        { do: 'load-unacknowledged', after: -1, upTo: 5 },
      ])
    }
  })

  it('[G5] whose cursor is ahead of this box waits for the box, and is told `reset` only where the log does not get there', () => {
    const ahead: Event[] = [...welcomed, { type: 'resume', from: 9, head: 5 }]
    expect(run(ahead).steps[2]).toEqual([{ do: 'await', position: 9 }])
    const came = run([...ahead, pushed(9), pushed(10), { type: 'reached', reached: true, head: 10 }])
    expect(positionsIn(came.effects)).toEqual([10])
    const never = run([...ahead, { type: 'reached', reached: false, head: 5 }])
    expect(never.steps[3]![0]).toEqual({ do: 'reset', reason: 'unknown-cursor' })
  })

  it('[G4] may say resume only first', () => {
    for (const mode of ['resuming', 'live'] as const) {
      const { steps } = run([...ways[mode], { type: 'resume', from: 1, head: 5 }])
      expect(steps.at(-1)).toMatchObject([{ do: 'refuse', refusal: { refused: 'bad-frame' } }])
    }
  })

  it('[G6] is told the head only when it is live', () => {
    for (const mode of modes) {
      const { steps } = run([...ways[mode], { type: 'beat', head: 8 }])
      expect(steps.at(-1)!.some(effect => effect.do === 'head')).toBe(mode === 'live')
    }
  })

  it('[G7] is read no further while too many of its frames are without an answer', () => {
    const { steps } = run([...toLive, ...Array.from({ length: 4 }, () => framed(send))])
    expect(steps.slice(toLive.length).map(effects => effects.map(effect => effect.do))).toEqual([
      ['ask'],
      ['ask'],
      ['ask'],
      ['ask', 'stop-reading'],
    ])
    const after = run([
      ...toLive,
      ...Array.from({ length: 4 }, () => framed(send)),
      { type: 'answered', frame: undefined },
    ])
    expect(after.steps.at(-1)).toEqual([{ do: 'go-on-reading' }])
  })

  it('[Z4] for which too much waits while it catches up keeps none of it, and gets it from the read models, then what came since', () => {
    const small = sessionTable({ waitingBytes: 2 * frame('6', { position: 6 }).size, unanswered: 4 })
    const more = [pushed(6), pushed(7), pushed(8), { type: 'settled' } as const, loaded([3]), pushed(9), drained(9)]
    const { steps, state, effects } = run([...welcomed, ...more, loaded([6, 7, 8]), drained(9)], initial, small)
    expect(steps[5]).toEqual([{ do: 'load-unacknowledged', after: -1, upTo: 5 }])
    expect(steps[8]).toEqual([{ do: 'load-changes', after: 5, upTo: 8 }])
    expect(positionsIn(effects)).toEqual([3, 6, 7, 8, 9])
    expect(state.mode).toBe('live')
  })

  it('[G9] ends once, whatever comes after, and its end is told to the log', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...every), { maxLength: 40 }), events => {
        const { effects, state } = run([...events, { type: 'stopped' }, { type: 'closed', why: 'connection-lost' }])
        expect(state.mode).toBe('closing')
        expect(effects.filter(effect => effect.do === 'end')).toHaveLength(1)
        const end = effects.findIndex(effect => effect.do === 'end')
        const after = effects.slice(end + 1).filter(effect => !['close', 'detach'].includes(effect.do))
        expect(after).toEqual([])
      }),
    )
  })

  it('[G4] [Z4] gets everything after its cursor, once, in order, however pages, pushes and its own frames interleave', () => {
    const scenario = fc.record({
      end: fc.nat(30),
      base: fc.nat(30),
      from: fc.nat(30),
      page: fc.integer({ min: 1, max: 5 }),
      room: fc.constantFrom(1, 3, 1000), // for so many frames that wait
      choices: fc.array(fc.nat(2), { maxLength: 80 }),
    })
    fc.assert(
      fc.property(scenario, ({ end, base: anyBase, from: anyFrom, page, room, choices }) => {
        const limits = sessionTable({ waitingBytes: room * frame('30', { position: 30 }).size, unanswered: 4 })
        const base = Math.min(anyBase, end)
        const from = Math.min(anyFrom, end)
        const told: (number | 'resumed')[] = []
        let state: State = initial
        let head = base
        let resumed = false
        const due: Event[] = []
        const take = (event: Event): void => {
          const next = step(limits, state, event)
          state = next.state
          for (const effect of next.effects) {
            if (effect.do === 'send' && effect.frame.position !== undefined) told.push(effect.frame.position)
            if (effect.do === 'resumed') told.push('resumed')
            if (effect.do === 'when-drained') due.push(drained())
            if (effect.do === 'load-changes') {
              const all = range(effect.after + 1, effect.upTo)
              const rows = all.slice(0, page)
              due.push(loaded(rows, rows.length < page ? undefined : rows.at(-1)))
            }
          }
        }
        const push = (): void => {
          if (head < end) take(pushed(++head))
        }
        const answer = (): void => {
          const event = due.shift()
          if (event) take(event.type === 'drained' ? drained(head) : event)
        }
        const resume = (): void => {
          if (!resumed && state.mode === 'settling' && from <= head) take({ type: 'resume', from, head })
          resumed ||= state.mode !== 'settling'
        }
        welcomed.forEach(event => take(event.type === 'attached' ? { ...event, base } : event))
        for (const choice of choices) [push, answer, resume][choice]!()
        while (head < end) push()
        resume()
        while (due.length > 0) answer()
        expect(told.filter(one => one !== 'resumed')).toEqual(range(from + 1, end))
        expect(told.filter(one => one === 'resumed')).toHaveLength(1)
      }),
    )
  })
})

const range = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n)
