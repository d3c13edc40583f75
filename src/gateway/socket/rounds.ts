// What comes to each of many after the same time: one timer for all, since who began first is due first. A timer each, with
// what it calls, took 1.2 KiB of a session.
import type { Timers } from '../timers.ts'

/** Who is due within this time of each other has a turn together (milliseconds). */
const togetherMs = 50

export class Rounds<One> {
  readonly #ms: number
  readonly #timers: Pick<Timers, 'after' | 'elapsed'>
  readonly #ring: (one: One) => void
  /** In the order in which they are due. */
  readonly #waiting = new Map<One, number>()
  #armed = false

  constructor(ms: number, timers: Pick<Timers, 'after' | 'elapsed'>, ring: (one: One) => void) {
    this.#ms = ms
    this.#timers = timers
    this.#ring = ring
  }

  /** Its turn is after the whole time from now, once. */
  add(one: One): void {
    this.#waiting.delete(one)
    this.#waiting.set(one, this.#timers.elapsed() + this.#ms)
    this.#arm(this.#ms)
  }

  delete(one: One): void {
    this.#waiting.delete(one)
  }

  #arm(ms: number): void {
    if (this.#armed) return
    this.#armed = true
    this.#timers.after(ms, () => {
      this.#armed = false
      this.#turn()
    })
  }

  #turn(): void {
    const now = this.#timers.elapsed()
    const due: One[] = []
    for (const [one, at] of this.#waiting) {
      if (at > now) {
        this.#arm(Math.max(at - now, togetherMs))
        break
      }
      due.push(one)
    }
    for (const one of due) if (this.#waiting.delete(one)) this.#ring(one) // who has gone by another's turn has none
  }
}
