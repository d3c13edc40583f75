// What is under way: how many, and for how long already. Those that began within the same 20 ms are one count, so that
// neither beginning nor ending costs an object.
import { Latencies } from './latencies.ts'

const stepMs = 20

export class Flights {
  readonly took = new Latencies()
  /** Oldest first: how many of those that began in each step are still under way. */
  readonly #steps = new Map<number, number>()
  readonly #clock: () => number
  #count = 0

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  get count(): number {
    return this.#count
  }

  /** Returns what `ended` wants to be told. */
  began(): number {
    const now = this.#clock()
    const step = Math.floor(now / stepMs)
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1)
    this.#count++
    return now
  }

  ended(began: number): void {
    this.took.add(this.#clock() - began)
    const step = Math.floor(began / stepMs)
    const left = this.#steps.get(step)! - 1
    if (left === 0) this.#steps.delete(step)
    else this.#steps.set(step, left)
    this.#count--
  }

  /** How long (milliseconds) those are under way already that are not the oldest tenth: one that hangs is no queue. */
  age(): number {
    const skipped = Math.floor(this.#count / 10)
    let passed = 0
    for (const [step, count] of this.#steps) if ((passed += count) > skipped) return this.#clock() - step * stepMs
    return 0
  }

  /** The same of the very oldest. */
  oldest(): number {
    for (const [step] of this.#steps) return this.#clock() - step * stepMs
    return 0
  }
}
