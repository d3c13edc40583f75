// The store's epoch: an id written once at first boot. Positions and cursors mean something in the epoch they are from.
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { WrongRevision, type EventStore } from './port.ts'
import { epochStream } from './streams.ts'

const recorded = z.object({ epoch: z.uuid() })

/** The epoch of this store; the first box to ask begins it. */
export async function epochOf(store: EventStore, now: () => string): Promise<string> {
  const first = await store.last(epochStream)
  if (first) return recorded.parse(first.data).epoch
  const epoch = randomUUID()
  const at = now()
  const nobody = { user: null, device: null, session: null }
  const metadata = { actor: nobody, origin: 'system' as const, at, correlationId: epoch, causationId: epoch }
  try {
    await store.append(epochStream, [{ id: epoch, type: 'EpochBegun', data: { epoch, at }, metadata }], 'none')
    return epoch
  } catch (error) {
    if (error instanceof WrongRevision) return epochOf(store, now) // another box was first
    throw error
  }
}
