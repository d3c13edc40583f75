// The event store contract once more, through TLS and with a user.
import { startEventStore } from '../../src/embedded/index.ts'
import { behavesLikeAnEventStore } from '../contracts/event-store.ts'
import { ENCRYPTED, trusting } from './support.ts'

behavesLikeAnEventStore('the embedded store over TLS, to a user', async () => {
  const { url, close } = await startEventStore({ inMemory: true, ...ENCRYPTED, users: { admin: 'changeit' } })
  return { url: trusting(url, 'admin:changeit'), close }
})
