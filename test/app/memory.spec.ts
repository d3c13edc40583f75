// Memory is given back when it is quiet.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { giveBack, young } from '../../src/app/memory.ts'

/** As `npm start` has it. */
function exposeGc(): void {
  setFlagsFromString('--expose-gc')
  vi.stubGlobal('gc', runInNewContext('gc'))
}

test('what a busy time needed for a moment is given back once it has been quiet', async () => {
  exposeGc()
  let kept: object[] = []
  for (let n = 0; n < 1_000_000; n++) {
    kept.push({ n })
    if (kept.length > 100_000) kept = []
  }
  const before = young()
  const isSmall = () => {
    giveBack()
    expect(young()).toBeLessThan(before / 2)
  }
  await vi.waitFor(isSmall, { timeout: 60_000, interval: 1_000 }) // V8 looks at what was allocated in five seconds
}, 60_000)

test('without the option nothing is given back, and nothing fails', () => {
  vi.stubGlobal('gc', undefined)
  expect(giveBack).not.toThrow()
})
