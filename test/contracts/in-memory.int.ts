// The event store contract, run against the embedded node that keeps nothing.
import { startEventStore } from '../../src/embedded/index.ts'
import { behavesLikeAnEventStore } from './event-store.ts'

behavesLikeAnEventStore('the embedded store in memory', () => startEventStore({ inMemory: true }))
