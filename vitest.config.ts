// Three costs of test, three projects, one after the other: spec (no I/O), int (real store and database), journey
// (everything, through the SDK).
import { defineConfig } from 'vitest/config'

const build = './test/support/build.ts'
const postgres = './test/support/postgres.ts'

const project = (name: string, groupOrder: number, options: object) => ({
  test: {
    name,
    include: [`test/**/*.${name}.ts`],
    sequence: { groupOrder },
    expect: { poll: { timeout: 30_000 } }, // tests wait for what is to come, however busy the machine is
    ...options,
  },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      project('spec', 0, {}),
      project('int', 1, { globalSetup: [build, postgres], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 }),
      project('journey', 2, { globalSetup: build, testTimeout: 120_000, hookTimeout: 60_000, maxWorkers: 2 }),
    ],
  },
})
