import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCursors } from '../../src/gateway/socket/cursor.ts'

const cursors = createCursors('a1b2c3')

describe('a cursor', () => {
  it('[G5] is the position again, also before the first event', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(-1), fc.maxSafeNat()), position => {
        expect(cursors.parse(cursors.of(position))).toBe(position)
      }),
    )
  })

  it('[G5] of another log is told apart', () => {
    expect(createCursors('other').parse(cursors.of(17))).toBe('epoch')
  })

  it('[G5] that nobody made is told apart, whatever it is', () => {
    const near = ['', 'x', cursors.of(5) + '=', ` ${cursors.of(5)}`, cursors.of(5) + '\n', 'MDUgYTFiMmMz', '💥']
    for (const made of near) expect(cursors.parse(made)).toBe('unknown-cursor')
    fc.assert(
      fc.property(fc.string(), made => {
        expect(['epoch', 'unknown-cursor']).toContain(cursors.parse(made))
      }),
    )
  })

  it('needs no escaping in JSON or in a URL', () => {
    expect(cursors.of(12_345)).toMatch(/^[A-Za-z0-9_-]+$/)
  })
})
