// The event store contract, run against the embedded node both ways and, where there is one, a real server.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEventStore } from '../../src/embedded/index.ts'
import { behavesLikeAnEventStore } from './event-store.ts'

behavesLikeAnEventStore('the embedded store in memory', () => startEventStore({ inMemory: true }))

behavesLikeAnEventStore('the embedded store on disk', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  const store = await startEventStore({ dir })
  return {
    url: store.url,
    close: async () => {
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
})

const real = process.env['EVENTSTORE_URL']
if (real)
  behavesLikeAnEventStore('the server at EVENTSTORE_URL', () =>
    Promise.resolve({ url: real, close: () => Promise.resolve() }),
  )
