// Runs a scenario, round after round: each with a server and a generator of its own, which are gone when it is over.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startGenerator } from './generator.ts'
import type { Generator } from './generator.ts'
import { rowsOf } from './measure.ts'
import type { Measure, Row } from './measure.ts'
import type { Choice, Options } from './options.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { serverOfOthers, startServer } from './server.ts'
import type { Server } from './server.ts'

export interface Bench {
  plan: Plan
  options: Options
  /** A server on this folder, a new one where none is named; or the one that was given. */
  server(folder?: string, settings?: Record<string, string>): Promise<Server>
  folder(): Promise<string>
  generator(server: Server): Generator
  record(...measures: readonly Measure[]): void
}

export interface Scenario extends Choice {
  title: (plan: Plan) => string
  /** One round. */
  run(bench: Bench): Promise<void>
  /** What is to be said of all rounds, besides the rows. */
  conclusion?: (rows: readonly Row[], plan: Plan) => string[]
}

export interface Surroundings {
  options: Options
  /** Where servers have their folders. */
  root: string
  /** Rejects when the benchmark is to end early. */
  interrupted: Promise<never>
  /** Told what is being done. */
  said(what: string): void
}

export const runScenario = async (
  scenario: Scenario,
  { options, root, interrupted, said }: Surroundings,
): Promise<{ rows: Row[]; plan: Plan }> => {
  const { url, pids, rounds } = options
  const plan = planOf(options)
  const measures: Measure[] = []
  for (let round = 1; round <= rounds; round++) {
    said(`${scenario.name}, round ${round} of ${rounds}`)
    /** The latest first: a generator goes before its server, that before its folder. */
    const opened: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(one: T): T => {
      opened.unshift(one)
      return one
    }
    const bench: Bench = {
      plan,
      options,
      server: async (folder, settings) =>
        url === undefined
          ? keep(await startServer(folder ?? (await bench.folder()), settings))
          : serverOfOthers(url, pids),
      folder: async () => {
        const dir = await mkdtemp(join(root, 'data-'))
        keep({ close: () => rm(dir, { recursive: true, force: true }) })
        return dir
      },
      generator: ({ url, pids, probe }) => keep(startGenerator({ target: { url, pids, probe } })),
      record: (...some) => void measures.push(...some),
    }
    try {
      await Promise.race([scenario.run(bench), interrupted])
    } finally {
      for (const one of opened) await one.close()
    }
  }
  return { rows: rowsOf(measures), plan }
}
