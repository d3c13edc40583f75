// How this box is doing: looks at the pressure again and again, holds the level that follows, and tells who wants to know.
import { tally, type Flights, type Tally } from '../../metrics/index.ts'
import { refuse, type Refusal } from '../../domain/index.ts'
import { answer } from '../socket/frames.ts'
import type { Outgoing } from '../socket/outbox.ts'
import type { Timers } from '../timers.ts'
import { atRest, next, shedAt, shedFrom, sheddable, type Level, type Sheddable } from './levels.ts'
import type { Pace, Pressure, Standing, Thresholds } from './levels.ts'

export interface LoadSettings {
  readonly thresholds: Thresholds
  readonly pace: Pace
  /** How often it is looked (milliseconds). */
  readonly lookMs: number
  /** Messages wait this long before further ones are refused at level 4 (milliseconds). */
  readonly mostWaitMs: number
}

/** Fewer that are under way are no queue, however long they take. */
const leastUnderWay = 32
/**
 * Where next to nothing is answered, the disk stands still: letting go of other things helps nothing then, and what waits is answered
 * when it goes on. Only where it does not for so long (milliseconds), it is too much.
 */
const standstillMs = 3_000
/** Of those that are under way, what share is answered between two looks where it goes on: a few are answered without the disk. */
const moving = 0.1
/** What who is refused is told to wait: at least, at most (milliseconds). */
const leastRetryMs = 500
const mostRetryMs = 10_000
/** What is left of a look's counts at the next one: a moment in which nothing was answered says little. */
const remembered = 0.95

/** What has to be seen of the rest of the gateway. */
export type Measures = Omit<Pressure, 'waitMs' | 'refused'>

export interface Load {
  level(): Level
  /** The frame that tells the level. */
  frame(): Outgoing
  sheds(what: Sheddable): boolean
  /** What was let go of so far. */
  readonly shed: Tally<Sheddable>
  pressure(): Pressure
  /** Why a new message is not taken now; undefined: it is. */
  refusal(): Refusal | undefined
  /** `changed` is told after each change of the level; `looked` after each look. */
  onChange(changed: () => void): void
  onLook(looked: () => void): void
  stop(): void
}

/** `asks`: what clients have asked and wait to be answered. `luck` is in [0, 1). */
export function createLoad(
  asks: Flights,
  measure: () => Measures,
  settings: LoadSettings,
  timers: Timers,
  luck: () => number = Math.random,
): Load {
  const changes: (() => void)[] = []
  const looks: (() => void)[] = []
  const shed = tally(sheddable)
  let standing: Standing = atRest
  let frame = frameOf(0)
  let pressure: Pressure = { loopMs: 0, waitMs: 0, outboxBytes: 0, line: 0, refused: 0 }
  let refusedBefore = 0
  let answeredBefore = 0
  /** What could be done while there was a queue. */
  const lately = { refused: 0, answered: 0, ms: 0 }
  let movedAt = timers.elapsed()

  const waitMs = () => (asks.count < leastUnderWay ? 0 : asks.age())

  /** As many as are answered in the time that they may wait: more that come at once would wait longer, and it is not seen yet. */
  const mostUnderWay = () =>
    lately.ms === 0 ? Infinity : Math.max(leastUnderWay, (lately.answered / lately.ms) * settings.mostWaitMs)

  const look = (): void => {
    const now = timers.elapsed()
    const refused = shed.messages - refusedBefore
    refusedBefore += refused
    const answered = asks.took.count - answeredBefore
    answeredBefore += answered
    const queue = asks.count >= leastUnderWay
    const moved = !queue || answered >= asks.count * moving
    for (const name of ['refused', 'answered', 'ms'] as const) lately[name] *= remembered
    lately.refused += refused
    if (queue && moved) {
      lately.answered += answered
      lately.ms += Math.min(now - movedAt, settings.mostWaitMs) // a standstill says nothing of what can be done
    }
    const still = !moved && now - movedAt < standstillMs
    pressure = { ...measure(), waitMs: still ? pressure.waitMs : waitMs(), refused }
    if (moved) movedAt = now
    const before = standing.level
    standing = next(standing, pressure, timers.now(), settings.thresholds, settings.pace)
    if (standing.level !== before) {
      frame = frameOf(standing.level)
      for (const changed of changes) changed()
    }
    for (const looked of looks) looked()
    stop = timers.after(settings.lookMs, look)
  }
  let stop = timers.after(settings.lookMs, look)

  return {
    shed,
    level: () => standing.level,
    frame: () => frame,
    sheds: what => standing.level >= shedFrom[what],
    pressure: () => pressure,
    refusal: () => {
      if (standing.level < 4 || (waitMs() < settings.mostWaitMs && asks.count < mostUnderWay())) return undefined
      // the more is refused of what is asked, the longer it takes until all of it has had its turn
      const share = lately.refused / Math.max(lately.answered, 1)
      const wait = settings.mostWaitMs * (1 + share) * (0.5 + luck())
      const retryMs = Math.round(Math.min(Math.max(wait, leastRetryMs), mostRetryMs))
      return refuse('busy', 'more is asked than can be done: send the same id again later', retryMs)
    },
    onChange: changed => void changes.push(changed),
    onLook: looked => void looks.push(looked),
    stop: () => stop(),
  }
}

const frameOf = (level: Level) => answer({ type: 'load', level, shedding: shedAt(level) })
