// Much work of one kind.
import { describe, expect, it } from 'vitest'
import { inTurns } from '../../src/gateway/turns.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('work in turns', () => {
  it('is made in order, whether what is made is at hand or still to come', async () => {
    const size = () => 1
    expect(await inTurns(numbers(3), size, n => n * 2)).toEqual([0, 2, 4])
    expect(await inTurns(numbers(3), size, n => (n === 1 ? Promise.resolve(2) : n * 2))).toEqual([0, 2, 4])
    expect(await inTurns([], size, n => n)).toEqual([])
  })

  it('fails where one of them does', async () => {
    const failing = inTurns(
      numbers(3),
      () => 1,
      n => (n === 1 ? Promise.reject(new Error('one')) : n),
    )
    await expect(failing).rejects.toThrow('one')
  })

  it('leaves others their turn after many, and after much', async () => {
    for (const [count, bytes] of [
      [251, 1],
      [2, 256 * 1024],
    ] as const) {
      let before = 0
      let others = 0
      setImmediate(() => (others = before))
      await inTurns(
        numbers(count),
        () => bytes,
        () => void before++,
      )
      expect([before, others]).toEqual([count, count - 1])
    }
  })
})
