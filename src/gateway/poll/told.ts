// Frames without a place in the log (typing, presence) that wait for a poll. Each has a number; of one key only the latest counts.
import type { Outgoing } from '../socket/outbox.ts'

/** Presence has as many keys as may be watched; more than this is typing that nobody polled for. */
const most = 4096

export class Told {
  readonly #frames = new Map<string, { readonly number: number; readonly frame: Outgoing }>()
  #last = 0

  /** The number of the latest. */
  get last(): number {
    return this.#last
  }

  get frames(): Outgoing[] {
    return [...this.#frames.values()].map(({ frame }) => frame)
  }

  get empty(): boolean {
    return this.#frames.size === 0
  }

  push(frame: Outgoing): void {
    const number = ++this.#last
    const key = `${frame.class} ${frame.key ?? number}`
    this.#frames.delete(key)
    this.#frames.set(key, { number, frame })
    if (this.#frames.size > most) this.#frames.delete(this.#frames.keys().next().value!)
  }

  /** Those up to this number have arrived. */
  forget(upTo: number): void {
    for (const [key, { number }] of this.#frames) if (number <= upTo) this.#frames.delete(key)
  }
}
