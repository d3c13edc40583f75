// One poll's waiting: until something comes, its time is over, or another poll of its device takes its place.
import type { Timers } from '../timers.ts'

export class Turn {
  readonly #timers: Timers
  #resolve: (() => void) | undefined
  #woken = false
  replaced = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** What one tick brings is fetched together. */
  wake(): void {
    if (this.#woken) return
    this.#woken = true
    setImmediate(() => this.#resolve?.())
  }

  replace(): void {
    this.replaced = true
    this.wake()
  }

  /** Begins to take notice: what comes from now on is not slept through. */
  listen(): void {
    this.#woken = this.replaced
  }

  /** Resolves when something has come since `listen`, or after so long. */
  async sleep(ms: number): Promise<void> {
    if (this.#woken) return
    const stop = this.#timers.after(ms, () => this.#resolve?.())
    await new Promise<void>(resolve => (this.#resolve = resolve))
    stop()
    this.#resolve = undefined
  }
}
