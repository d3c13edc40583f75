// What is remembered of what was just sealed.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Lately } from '../../src/eventstore/lately.ts'
import { seal } from '../../src/eventstore/sealing.ts'

const key = randomBytes(32)
const sealed = (text: string, message = 'm') => seal(text, key, 'k', 'c', message)

describe('what was just sealed', () => {
  it('[S7] is remembered as exactly what was sealed, for exactly its place', () => {
    const lately = new Lately()
    const one = sealed('text')
    lately.add('c', 'm', one, 'text')
    expect(lately.textIn('c', 'm', { ...one })).toBe('text')
    expect(lately.textIn('another', 'm', one)).toBeUndefined()
    expect(lately.textIn('c', 'another', one)).toBeUndefined()
    expect(lately.textIn('c', 'm', { ...one, key: 'another' })).toBeUndefined()
    expect(lately.textIn('c', 'm', sealed('text'))).toBeUndefined()
  })

  it('[S7] is remembered until 16,000 more have been, where they are short', () => {
    const lately = new Lately()
    const box = sealed('')
    for (let n = 0; n <= 16_000; n++) lately.add('c', `m${n}`, box, 'x')
    expect(lately.textIn('c', 'm0', box)).toBe('x')
  })

  it('[S7] is forgotten when much has been sealed since, by number and by length', () => {
    for (const [count, text] of [
      [32_000, 'x'],
      [10, 'x'.repeat(600_000)],
    ] as const) {
      const lately = new Lately()
      const all = Array.from({ length: count }, (_, n) => ({ message: `m${n}`, box: sealed(text, `m${n}`) }))
      for (const { message, box } of all) lately.add('c', message, box, text)
      expect(lately.textIn('c', 'm0', all[0]!.box)).toBeUndefined()
      const last = all.at(-1)!
      expect(lately.textIn('c', last.message, last.box)).toBeDefined()
    }
  })
})
