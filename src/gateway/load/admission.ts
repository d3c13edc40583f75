// How fast new sessions are let in: a bucket of tokens that fills at a rate, and a short line before it. Everybody who comes back at once
// after a restart gets in, one after the other, and those who are in are not slowed down by it.
import { refuse, type Refusal } from '../../domain/index.ts'
import type { Timers } from '../timers.ts'
import type { Level } from './levels.ts'

export interface AdmissionSettings {
  /** New sessions a second, while nothing is shed. */
  readonly rate: number
}

/** Of the rate, what is left at each level: who is in already goes first. */
const shareAt: Readonly<Record<Level, number>> = { 0: 1, 1: 0.75, 2: 0.5, 3: 0.25, 4: 0.1 }
/** As many as come in this time wait in line; further ones are told when to come back (milliseconds). */
const lineMs = 2_000
const mostRetryMs = 60_000

export interface Admission {
  /** Whether there is no room in the line, told without waiting; what it takes to find out who asks can be spared then. */
  full(): Refusal | undefined
  /** Waits for its turn. */
  enter(): Promise<Refusal | undefined>
  /** Of the places in the line, how many are taken (0–1). */
  line(): number
  readonly admitted: () => number
  readonly refused: () => number
  /** Nobody waits any more: whoever does is let on, to hear that it is over. */
  stop(): void
}

export function createAdmission(
  { rate }: AdmissionSettings,
  level: () => Level,
  timers: Timers,
  luck: () => number = Math.random,
): Admission {
  const line: (() => void)[] = []
  let tokens = rate
  let filledAt = timers.now()
  let stopTimer: (() => void) | undefined
  let stopped = false
  let admitted = 0
  let refused = 0
  /** When all who have been told to come back will have had their turn, if they come. */
  let bookedUntil = 0

  const perSecond = () => Math.max(rate * shareAt[level()], 1)
  const room = () => Math.max(1, Math.ceil((rate * lineMs) / 1000))

  const fill = (): void => {
    const now = timers.now()
    tokens = Math.min(Math.max(perSecond(), 1), tokens + (Math.max(now - filledAt, 0) / 1000) * perSecond())
    filledAt = now
  }

  const letIn = (): void => {
    stopTimer = undefined
    fill()
    while (line.length > 0 && tokens >= 1) {
      tokens--
      line.shift()!()
    }
    if (line.length > 0) stopTimer = timers.after(Math.max(((1 - tokens) / perSecond()) * 1000, 5), letIn)
  }

  const full = (): Refusal | undefined => {
    if (stopped || line.length < room()) return undefined
    refused++
    const now = timers.now()
    bookedUntil = Math.max(bookedUntil, now + (line.length / perSecond()) * 1000) + 1000 / perSecond()
    const retryMs = Math.min((bookedUntil - now) * (0.5 + luck()), mostRetryMs)
    return refuse('busy', 'too many come in at once: come back then', Math.ceil(retryMs))
  }

  return {
    full,
    enter() {
      const refusal = full()
      if (refusal) return Promise.resolve(refusal)
      return new Promise(resolve => {
        line.push(() => {
          admitted++
          resolve(undefined)
        })
        if (stopped) line.shift()!()
        else if (stopTimer === undefined) letIn()
      })
    },
    line: () => line.length / room(),
    admitted: () => admitted,
    refused: () => refused,
    stop() {
      stopped = true
      stopTimer?.()
      for (const go of line.splice(0)) go()
    },
  }
}
