// What comes to each of many after the same time, by a clock that the test holds.
import { beforeEach, describe, expect, it } from 'vitest'
import { Keepalive } from '../../src/gateway/socket/keepalive.ts'
import { Rounds } from '../../src/gateway/socket/rounds.ts'

let now = 0
let timers: { at: number; run: () => void }[] = []
let rung: string[] = []
const after = (ms: number, run: () => void) => {
  timers.push({ at: now + ms, run })
  return () => undefined
}
const rounds = (ring = (one: string) => void rung.push(one)) =>
  new Rounds<string>(100, { after, elapsed: () => now }, ring)
const passes = (ms: number) => {
  for (const end = now + ms; now < end; now++) {
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { run } of due) run()
  }
}

beforeEach(() => {
  now = 0
  timers = []
  rung = []
})

describe('rounds', () => {
  it('[J54] come to each after the whole time, once, with one timer for all', () => {
    const all = rounds()
    all.add('a')
    passes(50)
    all.add('b')
    expect(timers).toHaveLength(1)
    passes(60)
    expect(rung).toEqual(['a'])
    passes(60)
    expect(rung).toEqual(['a', 'b'])
    passes(500)
    expect(rung).toEqual(['a', 'b'])
    expect(timers).toEqual([])
  })

  it('[J54] come to those who began at nearly the same time together', () => {
    const all = rounds()
    const turns: number[] = []
    const noting = new Rounds<string>(100, { after, elapsed: () => now }, () => turns.push(now))
    for (const one of ['a', 'b', 'c', 'd']) {
      noting.add(one)
      all.add(one)
      passes(5)
    }
    passes(200)
    expect(turns).toHaveLength(4)
    expect(new Set(turns).size).toBe(2)
  })

  it('[J54] begin anew for who is added again, and do not come to who has gone, be it by another one’s turn', () => {
    const all: Rounds<string> = rounds(one => {
      rung.push(one)
      all.delete('b')
      if (rung.length < 3) all.add('a')
    })
    all.add('a')
    all.add('b')
    all.add('c')
    all.delete('c')
    passes(60)
    all.add('c')
    passes(60)
    expect(rung).toEqual(['a'])
    passes(400)
    expect(rung).toEqual(['a', 'c', 'a'])
  })
})

describe('a beat', () => {
  it('[J55] tells the head where it is another, and every other time where it is the same', () => {
    const keepalive = new Keepalive({ ping: () => {}, terminate: () => {} })
    const told = [7, 7, 7, 7, 8, 9, 9, 9].map(head => keepalive.beat(head, true))
    expect(told).toEqual([7, undefined, 7, undefined, 8, 9, undefined, 9])
  })

  it('[J55] asks who was not heard for six of them, and takes for gone who is silent for six more', () => {
    const done: string[] = []
    const keepalive = new Keepalive({ ping: () => done.push('ping'), terminate: () => done.push('terminate') })
    for (let n = 1; n <= 6; n++) keepalive.beat(n, true)
    expect(done).toEqual(['ping'])
    keepalive.heard()
    for (let n = 7; n <= 12; n++) keepalive.beat(n, true)
    for (let n = 13; n <= 18; n++) keepalive.beat(n, false) // not read, it cannot be heard
    expect(done).toEqual(['ping', 'ping'])
    for (let n = 19; n <= 24; n++) keepalive.beat(n, true)
    expect(done).toEqual(['ping', 'ping', 'terminate'])
  })
})
