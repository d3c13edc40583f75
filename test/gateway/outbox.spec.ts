// What waits for a reader.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Outbox, type Outgoing } from '../../src/gateway/socket/outbox.ts'
import { frame, textOf } from './given.ts'

const texts = (frames: Buffer[]) => frames.map(bytes => textOf({ bytes }))
const fill = (outbox: Outbox, frames: Outgoing[], slow = true) => frames.forEach(one => outbox.push(one, slow))
const all = (outbox: Outbox) => texts(outbox.take(1_000_000).frames)
const receipt = (text: string, position: number, key = 'bob') => frame(text, { class: 'receipt', key, position })
const typing = (text: string, key = 'bob') => frame(text, { class: 'typing', key })
const presence = (text: string, key = 'bob') => frame(text, { class: 'presence', key })

describe('an outbox', () => {
  it('[G10] gives frames in the order they came', () => {
    const outbox = new Outbox()
    fill(
      outbox,
      ['a', 'b', 'c'].map(text => frame(text)),
    )
    expect(all(outbox)).toEqual(['a', 'b', 'c'])
    expect(outbox.empty).toBe(true)
  })

  it('[G10] keeps, while the reader is slow, only the latest of one member’s receipts, which goes to its own place', () => {
    const outbox = new Outbox()
    const frames = [receipt('read 1', 1), frame('hi', { position: 2 }), receipt('read 2', 3)]
    fill(outbox, frames)
    expect(all(outbox)).toEqual(['hi', 'read 2'])
    fill(outbox, frames, false)
    expect(all(outbox)).toEqual(['read 1', 'hi', 'read 2'])
  })

  it('[G10] does not let a lower mark take a higher one out: another device’s, which says nothing new', () => {
    const outbox = new Outbox()
    const marked = (mark: number) => ({ ...receipt(`read ${mark}`, mark), mark })
    fill(outbox, [marked(5), marked(3)])
    expect(all(outbox)).toEqual(['read 5'])
    expect([outbox.bytes, outbox.empty]).toEqual([0, true])
    fill(outbox, [marked(5), marked(7)])
    expect(all(outbox)).toEqual(['read 7'])
  })

  it('[G10] keeps each user’s latest presence, behind everything else', () => {
    const outbox = new Outbox()
    fill(outbox, [presence('online'), frame('hi'), presence('offline'), presence('x', 'eve')])
    expect(all(outbox)).toEqual(['hi', 'offline', 'x'])
  })

  it('[G10] keeps that somebody types once, behind everything else but presence', () => {
    const outbox = new Outbox()
    fill(outbox, [
      presence('online'),
      typing('bob types'),
      typing('eve types', 'eve'),
      typing('bob types'),
      frame('hi'),
    ])
    expect(all(outbox)).toEqual(['hi', 'eve types', 'bob types', 'online'])
    expect([outbox.bytes, outbox.empty]).toEqual([0, true])
  })

  it('[G11] holds back what follows a frame whose body is still being opened', () => {
    const outbox = new Outbox()
    const late: Outgoing = { class: 'message', bytes: undefined, opened: Promise.resolve(), size: 10 }
    fill(outbox, [frame('a'), late, frame('b')])
    const first = outbox.take(1000)
    expect(texts(first.frames)).toEqual(['a'])
    expect(first.blockedBy).toBe(late.opened)
    late.bytes = frame('late').bytes
    expect(all(outbox)).toEqual(['late', 'b'])
  })

  it('[G10] gives what is asked for and no more than one frame beyond', () => {
    const outbox = new Outbox()
    fill(
      outbox,
      ['aa', 'bb', 'cc'].map(text => frame(text)),
    )
    expect(texts(outbox.take(5).frames)).toEqual(['aa', 'bb'])
    expect(outbox.bytes).toBe(4)
  })

  it('[G10] loses nothing but what a later frame says too, keeps the order of the log, and counts right', () => {
    const one = fc.record({ key: fc.constantFrom('', 'bob', 'eve'), take: fc.boolean() })
    fc.assert(
      fc.property(fc.array(one), pushes => {
        const outbox = new Outbox()
        const given: string[] = []
        pushes.forEach(({ key, take }, n) => {
          const text = `${key} ${n}`
          outbox.push(key === '' ? frame(text, { position: n }) : receipt(text, n, key), true)
          if (take) given.push(...texts(outbox.take(6).frames))
        })
        given.push(...all(outbox))
        const at = (text: string) => Number(text.split(' ')[1])
        expect(given.map(at)).toEqual([...given].map(at).sort((a, b) => a - b))
        for (const key of ['bob', 'eve']) {
          const last = pushes
            .map((push, n) => [push.key, n] as const)
            .filter(([of]) => of === key)
            .at(-1)
          if (last) expect(given).toContain(`${key} ${last[1]}`)
        }
        const messages = pushes.flatMap((push, n) => (push.key === '' ? [` ${n}`] : []))
        expect(given.filter(text => text.startsWith(' '))).toEqual(messages)
        expect(outbox.bytes).toBe(0)
      }),
    )
  })
})
