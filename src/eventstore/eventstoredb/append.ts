// One append, repeated until the store has said what became of it.
import type { EventStoreDBClient } from '@eventstore/db-client'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Appended } from '../port.ts'
import { exact, expectedRevision, failure, toClient } from './convert.ts'
import type { Request } from './messages.ts'
import { within } from './within.ts'

/** BatchAppend has no deadline of its own in the client: a hung node would never be noticed. */
const attemptMs = 5_000
const giveUpMs = 15_000

/**
 * Appends. When the store is unavailable the outcome is unknown, so the same events (same ids, same expected revision) are
 * appended again: at an exact revision the store tells by their ids that they are there already, and answers as the first
 * time. With `any` it does so as far as its memory goes. After 15 s it rejects with the last failure.
 */
export async function append(client: EventStoreDBClient, request: Request & { op: 'append' }): Promise<Appended> {
  const events = request.events.map(toClient)
  const options = { expectedRevision: expectedRevision(request.expected) }
  const end = Date.now() + giveUpMs
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      const result = await within(attemptMs, client.appendToStream(request.stream, events, options))
      return { revision: exact(result.nextExpectedRevision), position: exact(result.position?.commit ?? 0n) }
    } catch (error) {
      if (failure(error).kind !== 'unavailable' || Date.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}
