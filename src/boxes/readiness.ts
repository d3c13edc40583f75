// Whether this process can serve, told by asking: the store and the database by a small question each, the read models by how
// long they have been lacking what the feed has brought.
import type { Pool } from 'pg'
import { epochStream, type EventStore, type Feed } from '../eventstore/index.ts'
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
const sampleMs = 500
const mostSamples = 600

export function watchReadiness({ store, pool, feed, projections, lagMs, others }: ReadinessParts): Readiness {
  const storeAnswers = probe('the event store does not answer', () => store.last(epochStream))
  const databaseAnswers = probe('the database does not answer', () => pool.query('SELECT 1'))

  /** Where the feed was when, as far as the read models have not got there. */
  let ahead: { at: number; head: number }[] = []
  const sample = () => {
    const position = projections.position()
    ahead = ahead.filter(({ head }) => head > position)
    if (ahead.length >= mostSamples) ahead = ahead.filter((_, n) => n % 2 === 0)
    if (feed.head() > (ahead.at(-1)?.head ?? position)) ahead.push({ at: performance.now(), head: feed.head() })
  }
  const timer = setInterval(sample, sampleMs).unref()
  const behindMs = () => {
    sample()
    return ahead[0] ? performance.now() - ahead[0].at : 0
  }

  return {
    behindMs,
    async reasons() {
      const behind = behindMs()
      const lag = behind > lagMs ? [`the read models are ${Math.round(behind / 1_000)} s behind`] : []
      const answers = await Promise.all([storeAnswers(), databaseAnswers()])
      return [...answers.filter(reason => reason !== undefined), ...lag, ...others()]
    },
    stop: () => clearInterval(timer),
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
