// Memory is given back when it is quiet: when that is, and that it is.
import { getHeapSpaceStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { giveBack, look } from '../../src/app/memory.ts'

test('it is quiet once after each busy time, and a thread that is neither stays what it was', () => {
  let quiet = { wasBusy: true, now: false }
  const told = [0.5, 0.1, 0.04, 0, 0.1, 0.01, 0.2, 0.06, 0.01, 0.01].map(utilization => {
    quiet = look(quiet, utilization)
    return quiet.now
  })
  expect(told).toEqual([false, false, true, false, false, false, false, false, true, false])
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
