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
 * Where nothing is answered at all, the disk stands still: letting go of other things helps nothing then, and all that waits is
 * answered when it goes on. Only where it does not for so long (milliseconds), it is too much.
 */
const standstillMs = 3_000
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
  const lately = { refused: 0, answered: 0, ms: 0 }
  let lookedAt = timers.now()
  let movedAt = lookedAt

  const waitMs = () => (asks.count < leastUnderWay ? 0 : asks.age())

  /**
   * As many as are answered in the time that they may wait: more that come at once would wait longer, and it is not seen yet. Not known
   * where there was no queue: what was answered then is what was asked.
   */
  const mostUnderWay = () =>
    lately.ms === 0 ? Infinity : Math.max(leastUnderWay, (lately.answered / lately.ms) * settings.mostWaitMs)

  const look = (): void => {
    const refused = shed.messages - refusedBefore
    const answered = asks.took.count - answeredBefore
    refusedBefore += refused
    answeredBefore += answered
    const ms = timers.now() - lookedAt
    lookedAt += ms
    const queue = asks.count >= leastUnderWay
    lately.refused = lately.refused * remembered + refused
    if (queue && answered > 0) {
      lately.answered = lately.answered * remembered + answered
      lately.ms = lately.ms * remembered + ms
    }
    if (!queue || answered > 0) movedAt = lookedAt
    const still = lookedAt > movedAt && lookedAt - movedAt < standstillMs
    pressure = { ...measure(), waitMs: still ? pressure.waitMs : waitMs(), refused }
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
