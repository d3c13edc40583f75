// Thousands of short lives of two boxes and some devices, in which whatever can go wrong does, in an order that follows from a seed.
// SIM_SEED replays one, SIM_RUNS says how many there are.
import { describe, expect, it, vi } from 'vitest'
import type * as Crypto from 'node:crypto'
import type * as Lru from 'lru-cache'
import { run, settingOf, shortest } from './run.ts'

vi.mock('node:crypto', async importActual => {
  const actual = await importActual<typeof Crypto>()
  const { entropy, uuidOf } = await import('./random.ts')
  const randomBytes = (size: number) => Buffer.from(Array.from({ length: size }, () => entropy.luck.below(256)))
  return { ...actual, randomBytes, randomUUID: () => uuidOf(entropy.luck) }
})

vi.mock('lru-cache', async importActual => {
  const actual = await importActual<typeof Lru>()
  const { entropy } = await import('./random.ts')
  class LRUCache extends actual.LRUCache<object, object> {
    constructor(options: { max: number }) {
      super({ ...options, max: Math.min(options.max, entropy.lruMax) })
    }
  }
  return { ...actual, LRUCache }
})

const seed = process.env['SIM_SEED']
const first = seed === undefined ? 1 : Number(seed)
const runs = Number(process.env['SIM_RUNS'] ?? (seed === undefined ? 2_000 : 1))

/** What went wrong, and how it came to that, as short as it can be told. */
async function report(failed: number): Promise<string> {
  const setting = await shortest(settingOf(failed))
  const { violations, lines } = await run(setting, true)
  const kinds = setting.steps.map(({ kind }) => kind).join(' ')
  return `SIM_SEED=${failed}: ${violations.join('\n')}\n\n${setting.steps.length} steps: ${kinds}\n${lines.join('\n')}`
}

describe('simulated histories', () => {
  it('[U1] all that happened is told to who may see it, once and in order, and every answer is so', async () => {
    let [tasks, events] = [0, 0]
    const began = performance.now()
    for (let one = first; one < first + runs; one++) {
      const outcome = await run(settingOf(one))
      tasks += outcome.tasks
      events += outcome.events
      if (outcome.violations.length > 0) expect.fail(await report(one))
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    process.stdout.write(`${runs} runs, ${events} events, ${tasks} turns in ${seconds} s\n`)
  }, 600_000)

  it('[U2] the same seed is the same history', async () => {
    for (const one of [1, 2, 3]) {
      const { hash } = await run(settingOf(one))
      expect((await run(settingOf(one))).hash).toBe(hash)
    }
  })
})
