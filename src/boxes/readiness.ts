// Whether this process can serve, told by asking: the store and the database by a small question each, the read models by how
// long they have been lacking what the feed has brought.
import type { Pool } from 'pg'
import { epochStream, type EventStore, type Feed } from '../eventstore/index.ts'
import { watchBehind } from '../metrics/index.ts'
import type { Projections } from '../projections/index.ts'

export interface ReadinessParts {
  readonly store: Pick<EventStore, 'last'>
  readonly pool: Pick<Pool, 'query'>
  readonly feed: Pick<Feed, 'head'>
  readonly projections: Pick<Projections, 'position'>
  /** How far the read models may be behind (milliseconds). */
  readonly lagMs: number
  /** What else may stand in the way. */
  readonly others: () => readonly string[]
}

export interface Readiness {
  /** Why it cannot serve; nothing where it can. */
  reasons(): Promise<readonly string[]>
  /** For how long the read models have been lacking what the feed has brought (milliseconds). */
  behindMs(): number
  stop(): void
}

/** An engine that takes longer to answer is not there, for who has to be served. */
const patienceMs = 2_000

export function watchReadiness({ store, pool, feed, projections, lagMs, others }: ReadinessParts): Readiness {
  const storeAnswers = probe('the event store does not answer', () => store.last(epochStream))
  const databaseAnswers = probe('the database does not answer', () => pool.query('SELECT 1'))

  const behind = watchBehind(feed.head, projections.position)

  return {
    behindMs: behind.ms,
    async reasons() {
      const behindMs = behind.ms()
      const lag = behindMs > lagMs ? [`the read models are ${Math.round(behindMs / 1_000)} s behind`] : []
      const answers = await Promise.all([storeAnswers(), databaseAnswers()])
      return [...answers.filter(reason => reason !== undefined), ...lag, ...others()]
    },
    stop: behind.stop,
  }
}

/** One question at a time, however many want to know. */
function probe(reason: string, ask: () => Promise<unknown>): () => Promise<string | undefined> {
  let asking: Promise<string | undefined> | undefined
  return () => {
    asking ??= ask()
      .then(
        () => undefined,
        () => reason,
      )
      .finally(() => (asking = undefined))
    return Promise.race([asking, new Promise<string>(resolve => setTimeout(() => resolve(reason), patienceMs).unref())])
  }
}
