// Three costs of test, three projects: spec (no I/O), int (real store and database), journey (everything, through the SDK).
import { defineConfig } from 'vitest/config'

const project = (name: string, options: object) => ({
  test: { name, include: [`test/**/*.${name}.ts`], ...options },
})

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      project('spec', {}),
      project('int', { globalSetup: ['./test/support/build.ts', './test/support/postgres.ts'], testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 2 }),
      project('journey', { globalSetup: './test/support/build.ts', testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1, fileParallelism: false }),
    ],
  },
})
