// Questions that are put one by one, and what becomes of them while others are under way.
import { describe, expect, it } from 'vitest'
import { together } from '../src/together.ts'

/** Notes what is asked with which others, and answers when told to. */
function asking(most: number) {
  const asked: number[][] = []
  const settle: { answer: () => void; fail: (error: unknown) => void }[] = []
  const ask = together<number, string>(most, questions => {
    asked.push([...questions])
    return new Promise((resolve, fail) =>
      settle.push({ answer: () => resolve(questions.map(question => `to ${question}`)), fail }),
    )
  })
  return { ask, asked, settle }
}
const tick = () => new Promise<void>(resolve => setImmediate(resolve))

describe('questions', () => {
  it('[J57] of a tick are one, and those that come while it is under way the next one', async () => {
    const { ask, asked, settle } = asking(10)
    const first = [ask(1), ask(2)]
    await tick()
    const next = ask(3)
    await tick()
    const last = ask(4)
    await tick()
    expect(asked).toEqual([[1, 2]])
    settle[0]!.answer()
    expect(await Promise.all(first)).toEqual(['to 1', 'to 2'])
    await tick()
    expect(asked).toEqual([
      [1, 2],
      [3, 4],
    ])
    settle[1]!.answer()
    expect(await Promise.all([next, last])).toEqual(['to 3', 'to 4'])
  })

  it('[J57] that fill one do not wait for another, and what is left over does', async () => {
    const { ask, asked, settle } = asking(2)
    const all = [1, 2, 3, 4, 5].map(ask)
    await tick()
    expect(asked).toEqual([
      [1, 2],
      [3, 4],
    ])
    settle[0]!.answer()
    settle[1]!.answer()
    await Promise.all(all.slice(0, 4))
    expect(asked[2]).toEqual([5])
    settle[2]!.answer()
    expect(await all[4]).toBe('to 5')
  })

  it('[J57] that fail fail for those who asked them, and not for who comes after', async () => {
    const { ask, settle } = asking(10)
    const one = ask(1)
    await tick()
    const other = ask(2)
    settle[0]!.fail(new Error('gone'))
    await expect(one).rejects.toThrow('gone')
    await tick()
    settle[1]!.answer()
    expect(await other).toBe('to 2')
  })
})
