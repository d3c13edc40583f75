// Memory is given back when it is quiet: when that is, and that it is.
import { performance } from 'node:perf_hooks'
import type * as V8 from 'node:v8'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { giveBack, giveBackWhenQuiet, young } from '../../src/app/memory.ts'

vi.mock('node:v8', async original => {
  const actual = await original<typeof V8>()
  return { ...actual, getHeapSpaceStatistics: vi.fn(actual.getHeapSpaceStatistics) }
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.mocked(getHeapSpaceStatistics).mockReset() // to what it is
  vi.unstubAllGlobals()
})

describe('a thread whose young generation is large', () => {
  const collect = vi.fn()
  let utilization = 0

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('gc', collect.mockClear())
    vi.spyOn(performance, 'eventLoopUtilization').mockImplementation(() => ({ idle: 0, active: 0, utilization }))
    hasYoung(64)
  })

  test('gives back each quiet second, and none in which it had more to do', () => {
    const memory = giveBackWhenQuiet()
    const told = [0, 0.09, 0.1, 0.5, 0.02].map(busy => {
      utilization = busy
      collect.mockClear()
      vi.advanceTimersByTime(1_000)
      return collect.mock.calls
    })
    const once = [[{ type: 'minor' }]]
    expect(told).toEqual([once, once, [], [], once])
    memory.stop()
  })

  test('gives back no more when it is small, nor when it was tried in vain, nor when it is stopped', () => {
    utilization = 0
    const memory = giveBackWhenQuiet()
    hasYoung(7)
    vi.advanceTimersByTime(5_000)
    expect(collect).toHaveBeenCalledTimes(0)

    hasYoung(64)
    vi.advanceTimersByTime(60_000)
    expect(collect).toHaveBeenCalledTimes(15)

    utilization = 0.5
    vi.advanceTimersByTime(1_000)
    utilization = 0
    vi.advanceTimersByTime(1_000)
    expect(collect).toHaveBeenCalledTimes(16)

    memory.stop()
    vi.advanceTimersByTime(5_000)
    expect(collect).toHaveBeenCalledTimes(16)
  })
})

test('V8 makes the young generation small when it is looked through and little was allocated', async () => {
  setFlagsFromString('--expose-gc')
  vi.stubGlobal('gc', runInNewContext('gc'))
  let kept: object[] = []
  for (let n = 0; n < 1_000_000; n++) {
    kept.push({ n })
    if (kept.length > 100_000) kept = []
  }
  const before = young()
  const after = () => {
    giveBack()
    return young()
  }
  // by itself V8 does it after half a minute and more
  await expect.poll(after, { timeout: 20_000, interval: 1_000 }).toBeLessThan(before / 2)
}, 30_000)

test('without --expose-gc nothing is given back, and nothing fails', () => {
  vi.stubGlobal('gc', undefined)
  expect(giveBack).not.toThrow()
})

/** Megabytes. */
function hasYoung(size: number): void {
  const space = { space_name: 'new_space', physical_space_size: size * 1024 * 1024 }
  vi.mocked(getHeapSpaceStatistics).mockReturnValue([space as V8.HeapSpaceInfo])
}
