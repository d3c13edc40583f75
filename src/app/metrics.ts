// The metrics of any process, whatever its roles: the log, the feed, the read models, the canary.
import type { Canary, Readiness } from '../boxes/index.ts'
import { prefixes, type EventStore, type Feed } from '../eventstore/index.ts'
import { watchBehind, type Appends, type Metrics } from '../metrics/index.ts'
import type { Projections, SearchIndex } from '../projections/index.ts'

export interface Measured {
  readonly appends: Appends
  readonly store: Pick<EventStore, 'countAfter'>
  readonly feed: Pick<Feed, 'head' | 'since' | 'setAside'>
  readonly projections: Pick<Projections, 'position'>
  readonly readiness: Pick<Readiness, 'behindMs'>
  /** Undefined: made by another process, or by none. */
  readonly index: Pick<SearchIndex, 'position' | 'waiting'> | undefined
  /** Undefined: switched off. */
  readonly canary: Canary | undefined
}

/** The store is asked no more often (milliseconds): it reads up to a thousand events to answer, beside all that is appended. */
const seldomMs = 10_000
/** How long the store may take for what it is asked, before what it has is not known (milliseconds). */
const patienceMs = 1_000

/** Answers how what was begun here ends. */
export function tellProcess(
  metrics: Metrics,
  measured: Measured,
  clock: () => number = () => performance.now(),
): () => void {
  const { appends, store, feed, projections, readiness, index, canary } = measured
  metrics.latencies('append_seconds', 'From an append to its being durable', appends.took)
  metrics.gauge('appends_in_flight', 'Appends that are not durable yet', () => appends.count)
  metrics.gauge(
    'append_oldest_seconds',
    'For how long the oldest of these has been under way',
    () => appends.oldest() / 1000,
  )

  const feedBehind = watchBehind(appends.furthest, feed.head)
  const notSeen = seldom(() => store.countAfter(prefixes, feed.head()), clock)
  metrics.gauge('feed_position', 'How far this process has seen the log', feed.head)
  metrics.gauge(
    'feed_lag_events',
    'While the feed lacks something: events that it has not brought, as far as the next thousand tell, up to 10 s ago; NaN: the store does not answer',
    async () => {
      if (appends.furthest() > feed.head()) return notSeen()
      return appends.oldest() > patienceMs ? NaN : 0
    },
  )
  metrics.gauge(
    'feed_lag_seconds',
    'For how long the feed has been lacking what this process itself has appended',
    () => feedBehind.ms() / 1000,
  )
  metrics.counter('events_set_aside_total', 'Events that cannot be read', feed.setAside)

  metrics.gauge('projection_position', 'How far the read models are, as this process knows', projections.position)
  metrics.gauge(
    'projection_lag_events',
    'Events that the feed has brought and the read models lack',
    () => feed.since(projections.position()).length,
  )
  metrics.gauge(
    'projection_lag_seconds',
    'For how long they have been lacking what the feed has brought',
    () => readiness.behindMs() / 1000,
  )

  const searchBehind = index && watchBehind(feed.head, index.position)
  if (index) {
    metrics.gauge('search_position', 'How far the search index is', index.position)
    metrics.gauge('search_lag_events', 'Events that wait to be put into the search index', index.waiting)
    metrics.gauge(
      'search_lag_seconds',
      'For how long the search index has been lacking what the feed has brought',
      () => searchBehind!.ms() / 1000,
    )
  }

  if (canary) tellCanary(metrics, canary)
  return () => {
    feedBehind.stop()
    searchBehind?.stop()
  }
}

function tellCanary(metrics: Metrics, { took, everyMs, through, lost, ageMs }: Canary): void {
  metrics.latencies('canary_durable_seconds', 'From a canary to its being durable in the log', took.durable)
  metrics.latencies('canary_feed_seconds', 'From a canary to its coming back by the feed', took.feed)
  metrics.latencies('canary_read_models_seconds', 'From a canary to its being in the read models', took.read_models)
  metrics.gauge('canary_age_seconds', 'How long ago the last canary that came through was sent', () => ageMs() / 1000)
  metrics.gauge('canary_interval_seconds', 'How often a canary is sent', () => everyMs / 1000)
  metrics.counter('canary_through_total', 'Canaries that came through', through)
  metrics.counter(
    'canary_lost_total',
    'Canaries that did not, by the station after the furthest that they were seen at',
    () => lost,
    'leg',
  )
}

/**
 * What was answered to a question of the last ten seconds, or is answered to a new one: one at a time, however many want to know.
 * NaN where the answer does not come in time, or is none: that is not kept.
 */
function seldom(ask: () => Promise<number>, clock: () => number): () => Promise<number> {
  let freshUntil = -Infinity
  let answer: Promise<number> | undefined
  return () => {
    if (answer === undefined || clock() >= freshUntil) {
      freshUntil = Infinity // while it is under way
      answer = ask().then(
        count => {
          freshUntil = clock() + seldomMs
          return count
        },
        () => {
          answer = undefined
          return NaN
        },
      )
    }
    const late = new Promise<number>(resolve => setTimeout(() => resolve(NaN), patienceMs).unref())
    return Promise.race([answer, late])
  }
}
