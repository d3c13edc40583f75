// One append, repeated until the store has said what became of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailable, type Appended, type ExpectedRevision, type NewEvent } from '../port.ts'
import type { Appends } from './appends.ts'
import { proposed } from './encode.ts'

const giveUpMs = 15_000

/**
 * Appends. When the store is unavailable the outcome is unknown, so the same events (same ids, same expected revision) are
 * appended again: at an exact revision the store tells by their ids that they are there already, and answers as the first
 * time. With `any` it does so as far as its memory goes. After 15 s it rejects with the last failure.
 */
export async function append(
  appends: Appends,
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
): Promise<Appended> {
  const append = { stream, events, expected, proposed: events.map(proposed) }
  const end = Date.now() + giveUpMs
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      return await appends.attempt(append)
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || appends.closed || Date.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}
