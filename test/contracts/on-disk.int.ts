// The event store contract, run against the embedded node on a disk and, where EVENTSTORE_URL names one (as in
// esdb://admin:changeit@127.0.0.1:2113?tls=false), against a real server.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEventStore } from '../../src/embedded/index.ts'
import { behavesLikeAnEventStore } from './event-store.ts'

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

const url = process.env['EVENTSTORE_URL']
if (url)
  behavesLikeAnEventStore('the server at EVENTSTORE_URL', () =>
    Promise.resolve({ url, close: () => Promise.resolve() }),
  )
