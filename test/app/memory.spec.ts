// Memory is given back when it is quiet: when that is, and that it is.
import { getHeapSpaceStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { giveBack, isDue, look } from '../../src/app/memory.ts'

test('memory is owed after a busy time, and due when it has been quiet for three looks on end', () => {
  let quiet = { owed: false, looks: 0 }
  const due = [0, 0, 0, 0.5, 0.1, 0.04, 0, 0.1, 0.01, 0.02, 0.01, 0, 0.2, 0].map(utilization => {
    quiet = look(quiet, utilization)
    return isDue(quiet)
  })
  expect(due.flatMap((is, n) => (is ? [n] : []))).toEqual([10, 11]) // until it is given back
})

test('what a busy time needed for a moment is given back', async () => {
  const young = () => getHeapSpaceStatistics().find(space => space.space_name === 'new_space')!.physical_space_size
  let kept: object[] = []
  for (let n = 0; n < 1_000_000; n++) {
    kept.push({ n })
    if (kept.length > 100_000) kept = []
  }
  const before = young()
  await giveBack()
  expect(young()).toBeLessThan(before / 2)
})
