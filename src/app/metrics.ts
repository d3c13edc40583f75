// The metrics of any process, whatever its roles: the log, the feed, the read models.
import type { Readiness } from '../boxes/index.ts'
import type { Feed } from '../eventstore/index.ts'
import type { Flights, Metrics } from '../metrics/index.ts'
import type { Projections } from '../projections/index.ts'

export interface Measured {
  readonly appends: Flights
  readonly feed: Pick<Feed, 'head' | 'setAside'>
  readonly projections: Pick<Projections, 'position'>
  readonly readiness: Pick<Readiness, 'behindMs'>
}

export function tellProcess(metrics: Metrics, { appends, feed, projections, readiness }: Measured): void {
  metrics.latencies('append_seconds', 'From an append to its being durable', appends.took)
  metrics.gauge('appends_in_flight', 'Appends that are not durable yet', () => appends.count)
  metrics.gauge(
    'append_oldest_seconds',
    'For how long the oldest of these has been under way',
    () => appends.oldest() / 1000,
  )
  metrics.gauge('feed_position', 'How far this process has seen the log', feed.head)
  metrics.gauge('projection_position', 'How far the read models are, as this process knows', projections.position)
  metrics.gauge(
    'projection_lag_seconds',
    'For how long they have been lacking what the feed has brought',
    () => readiness.behindMs() / 1000,
  )
  metrics.counter('events_set_aside_total', 'Events that cannot be read', feed.setAside)
}
