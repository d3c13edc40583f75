// How much is too much, and what is let go of then. Pure: what is measured goes in, a level comes out. It rises after a short
// while and falls slowly, a level at a time, so that letting go does not end what made it necessary, again and again.

export type Level = 0 | 1 | 2 | 3 | 4
const levels: readonly Level[] = [0, 1, 2, 3, 4]

/** First to last: what is let go of first is missed least. */
export const sheddable = ['presence', 'typing', 'delivered', 'read', 'messages'] as const
export type Sheddable = (typeof sheddable)[number]

/** The level from which on each of these is shed. */
export const shedFrom: Readonly<Record<Sheddable, Level>> = {
  presence: 1,
  typing: 2,
  delivered: 3,
  read: 3,
  messages: 4,
}
export const shedAt = (level: Level): Sheddable[] => sheddable.filter(name => level >= shedFrom[name])

/** What is measured. */
export interface Pressure {
  /** How late this process's timers ring, on average since the last look (milliseconds). */
  readonly loopMs: number
  /** For how long messages wait to be durable already (milliseconds). */
  readonly waitMs: number
  /** What waits for slow readers, of all sessions (bytes). */
  readonly outboxBytes: number
  /** Of the places in the line for new sessions, how many are taken (0–1). */
  readonly line: number
  /** Messages that were refused since the last look: while there are any, it is too much. */
  readonly refused: number
}

/** What each pressure must reach for each of the levels 1 to 4. */
export type Thresholds = Readonly<Record<keyof Pressure, readonly [number, number, number, number]>>

/**
 * A box of 2 cores that does all it can, and is asked for no more than that, waits 200–300 ms for its messages, with a loop
 * that is 10–30 ms late: level 1 begins above.
 */
export const usualThresholds: Thresholds = {
  loopMs: [75, 150, 300, 600],
  waitMs: [250, 350, 425, 500],
  outboxBytes: [64, 128, 192, 256].map(mebibytes => mebibytes * 1024 * 1024) as [number, number, number, number],
  line: [0.25, 0.75, Infinity, Infinity],
  refused: [Infinity, Infinity, Infinity, 1],
}

/** A pressure has gone when it is below this share of what a level begins at. */
const goneBelow = 0.7

export interface Pace {
  /** How long it must be too much before the level rises, and how long it must have been less before it falls by one. */
  readonly riseMs: number
  readonly fallMs: number
}

export const usualPace: Pace = { riseMs: 200, fallMs: 2_000 }

/** `rising`: the level that has been reached or passed since then. `calm`: since when it has been less. */
export interface Standing {
  readonly level: Level
  readonly rising?: { readonly to: Level; readonly since: number }
  readonly calm?: number
}

export const atRest: Standing = { level: 0 }

/** The highest level that some pressure has reached; with `share`, that share of. */
export function reached(pressure: Pressure, thresholds: Thresholds, share = 1): Level {
  const names = Object.keys(thresholds) as (keyof Pressure)[]
  return levels.findLast(
    level => level === 0 || names.some(name => pressure[name] >= thresholds[name][level - 1]! * share),
  )!
}

export function next(before: Standing, pressure: Pressure, now: number, thresholds: Thresholds, pace: Pace): Standing {
  const { level, rising } = before
  const high = reached(pressure, thresholds)
  if (high > level) {
    const to = rising && rising.to < high ? rising.to : high // what all looks since then have reached
    const since = rising?.since ?? now
    return now - since >= pace.riseMs ? { level: to } : { level, rising: { to, since } }
  }
  if (reached(pressure, thresholds, goneBelow) >= level) return { level }
  const calm = before.calm ?? now
  return now - calm >= pace.fallMs ? { level: (level - 1) as Level, calm: now } : { level, calm }
}
