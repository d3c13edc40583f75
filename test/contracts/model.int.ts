// The embedded node against the model of its semantics: random histories through the official client, in memory and on a
// disk that outlives it. A failure prints the shortest history that still fails, with a seed and a path; the same one is run
// again by
//   MODEL_SEED=123 MODEL_PATH=4:0:1 npx vitest run --project int test/contracts/model
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import fc from 'fast-check'
import { describe, it, onTestFinished } from 'vitest'
import { startEventStore } from '../../src/embedded/index.ts'
import type { EventStore, EventStoreOptions } from '../../src/embedded/index.ts'
import { carryOut } from './against-the-model.ts'
import type { Node } from './against-the-model.ts'
import { histories } from './histories.ts'

const { MODEL_SEED, MODEL_PATH } = process.env

const start = async (options: EventStoreOptions): Promise<Node> => {
  let store: EventStore
  let client: EventStoreDBClient
  const open = async (): Promise<void> => {
    store = await startEventStore(options)
    client = EventStoreDBClient.connectionString(store.url)
  }
  const close = async (): Promise<void> => {
    await client.dispose()
    await store.close()
  }
  await open()
  onTestFinished(close)
  return {
    client: () => client,
    restart: async () => {
      await close()
      await open()
    },
  }
}

const holdsAgainst = async (node: Node, restarts: boolean, numRuns: number): Promise<void> => {
  const property = fc.asyncProperty(histories({ restarts }), history => carryOut(node, `m-${randomUUID()}`, history))
  await fc.assert(property, {
    numRuns,
    timeout: 10_000, // of a history: where something is waited for that does not come
    interruptAfterTimeLimit: 200_000, // of all that are tried, so that a failure is still told
    markInterruptAsFailure: true,
    ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
    ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
  })
}

describe('the embedded store answers as the model does', { timeout: 300_000 }, () => {
  it('in memory', async () => {
    await holdsAgainst(await start({ inMemory: true }), false, 400)
  })

  it('on a disk, from start to start', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'embedded-store-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await holdsAgainst(await start({ dir }), true, 250)
  })
})
