// The canary: an event of this process's own that takes the real way at an interval, timed at each station of it: durable in the
// log, back by this process's feed, in the read models. One is under way at a time, and whoever waits for it is nobody: what
// becomes of it is told as metrics and a line in the log, and changes nothing else.
import { randomUUID } from 'node:crypto'
import { filter, firstValueFrom, mergeMap, timeout } from 'rxjs'
import { canaryStream, WrongRevision, type EventStore, type Feed } from '../eventstore/index.ts'
import { Latencies, tally, type Tally } from '../metrics/index.ts'
import type { Projections } from '../projections/index.ts'

export const legs = ['durable', 'feed', 'read_models'] as const
export type Leg = (typeof legs)[number]

export interface CanaryParts {
  readonly store: Pick<EventStore, 'append'>
  readonly feed: Pick<Feed, 'batches'>
  readonly projections: Pick<Projections, 'reached'>
  /** This process's name. */
  readonly box: () => string
  readonly everyMs: number
  /** One that takes longer to come through is lost (milliseconds). */
  readonly patienceMs?: number
  readonly now: () => string
  readonly log: (line: string) => void
}

export interface Canary {
  /** From its being sent to each station. */
  readonly took: Readonly<Record<Leg, Latencies>>
  readonly everyMs: number
  /** Those that came through, and those that did not, by the station after the furthest that they were seen at. */
  readonly through: () => number
  readonly lost: Tally<Leg>
  /** How long ago (milliseconds) the last one that came through was sent; before the first: since the start. */
  ageMs(): number
  stop(): void
}

/** Of all processes' canaries, so many are kept where the store tidies up. */
const mostKept = 1_000
const usualPatienceMs = 30_000

export function sendCanaries(parts: CanaryParts): Canary {
  const { store, feed, projections, box, everyMs, patienceMs = usualPatienceMs, now, log } = parts
  const took = { durable: new Latencies(), feed: new Latencies(), read_models: new Latencies() }
  const lost = tally(legs)
  const nobody = { user: null, device: null, session: null }
  let lastSentAt = performance.now()
  let through = 0
  let failing = false
  let flying = false
  let bounded = false
  let stopped = false

  const eventOf = (id: string, type: string, data: object) => {
    const metadata = { actor: nobody, origin: 'system' as const, at: now(), correlationId: id, causationId: id }
    return { id, type, data, metadata }
  }

  /** Once for the stream, whoever comes first: what an operator has set instead stays. */
  const bound = async (): Promise<void> => {
    const event = eventOf(randomUUID(), '$metadata', { $maxCount: mostKept })
    bounded = true
    await store.append(`$$${canaryStream}`, [event], 'none').catch((error: unknown) => {
      if (error instanceof WrongRevision || stopped) return
      log(`the stream of the canaries cannot be bounded: ${(error as Error).message}`)
    })
  }

  const fly = async (): Promise<void> => {
    const id = randomUUID()
    const sentAt = performance.now()
    const passed = new Set<Leg>()
    const pass = (leg: Leg): void => {
      passed.add(leg)
      took[leg].add(performance.now() - sentAt)
    }
    const seen = firstValueFrom(
      feed.batches.pipe(
        mergeMap(({ events }) => events),
        filter(event => event.id === id),
        timeout({ first: patienceMs, with: late }),
      ),
    )
    const followed = seen.then(async ({ position }) => {
      pass('feed')
      if (!(await projections.reached(position, patienceMs))) late()
      pass('read_models')
    })
    const durable = store
      .append(canaryStream, [eventOf(id, 'CanarySent', { box: box(), at: now() })], 'any')
      .then(() => pass('durable'))
    const [append, way] = await Promise.allSettled([durable, followed])
    if (stopped) return
    // what comes back was taken, even where the answer to its append was lost
    const failure = way.status === 'rejected' ? way : undefined
    if (failure) {
      const at = legs[legs.findLastIndex(leg => passed.has(leg)) + 1]!
      const first = at === 'durable' && append.status === 'rejected' ? append : failure
      lost[at]++
      if (!failing) log(`a canary did not come through, ${words[at]}: ${(first.reason as Error).message}`)
    } else {
      through++
      lastSentAt = sentAt
      if (failing) log('canaries come through again')
      if (!bounded) await bound()
    }
    failing = failure !== undefined
  }

  const send = async (): Promise<void> => {
    if (flying) return
    flying = true
    await fly()
    flying = false
  }
  const timer = setInterval(() => void send(), everyMs).unref()

  return {
    took,
    everyMs,
    through: () => through,
    lost,
    ageMs: () => performance.now() - lastSentAt,
    /** What is under way is left: nobody waits for it. */
    stop: () => {
      stopped = true
      clearInterval(timer)
    },
  }
}

const words: Readonly<Record<Leg, string>> = {
  durable: 'the event store did not take it',
  feed: 'the feed has not brought it back',
  read_models: 'the read models have not got it',
}

function late(): never {
  throw new Error('it took too long')
}
