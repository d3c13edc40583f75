// Sealing: what goes in comes out with the same key at the same place, and not otherwise.
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { drawNonces, open, seal } from '../../src/eventstore/sealing.ts'

const key = randomBytes(32)

describe('a sealed body', () => {
  it('[S1] opens with its key to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(open(seal(text, key, 'k', 'c', 'm'), key, 'c', 'm')).toBe(text)
      }),
    )
  })
  it('[S2] does not open with another key, at another place, or changed', () => {
    const sealed = seal('a secret', key, 'k', 'c', 'm')
    expect(() => open(sealed, randomBytes(32), 'c', 'm')).toThrow()
    expect(() => open(sealed, key, 'c', 'another')).toThrow()
    expect(() => open(sealed, key, 'another', 'm')).toThrow()
    const changed = Buffer.from(sealed.box, 'base64')
    changed[13]! ^= 1
    expect(() => open({ ...sealed, box: changed.toString('base64') }, key, 'c', 'm')).toThrow()
    expect(() => open({ ...sealed, box: 'AAAA' }, key, 'c', 'm')).toThrow(/has 3 bytes; the least is 28/)
  })
  it('[S1] has a nonce that is given out once, however many are drawn at a time', () => {
    const nonce = drawNonces(7)
    const given = Array.from({ length: 100 }, () => nonce().toString('hex'))
    expect(new Set(given).size).toBe(100)
    for (const one of given) expect(one).toMatch(/^[0-9a-f]{24}$/)
  })
  it('is another each time', () => {
    expect(seal('same', key, 'k', 'c', 'm').box).not.toBe(seal('same', key, 'k', 'c', 'm').box)
  })
})
