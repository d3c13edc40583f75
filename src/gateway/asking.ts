// Calls commands and queries for somebody, and turns what goes wrong on the way into an answer.
import { refuse, type Refusal } from '../domain/index.ts'
import { StoreUnavailable } from '../eventstore/index.ts'
import { isTransient } from '../projections/index.ts'
import type { Log } from './settings.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The id as the log has it. Anything that is no UUID is nobody's id: undefined. */
export const knownForm = (id: string): string | undefined => (uuid.test(id) ? id.toLowerCase() : undefined)

/** A fault is no refusal: it is noted here, and who asked is told only whether to ask again. */
export function faulted(error: unknown, what: string, log: Log): Refusal {
  if (error instanceof StoreUnavailable) {
    log.warn({ error, what }, 'the log did not answer in time')
    return refuse('busy', 'the log did not answer in time; ask the same again, it happens once', 1000)
  }
  if (isTransient(error)) {
    log.warn({ error, what }, 'the database did not answer')
    return refuse('busy', 'the database did not answer; ask the same again, it happens once', 1000)
  }
  log.error({ error, what }, 'a request failed')
  return refuse('internal')
}
