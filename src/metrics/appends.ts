// Appends under way, and how far the log is known to reach by those that are durable and that the feed is to bring back.
import { Flights } from './flights.ts'

export class Appends extends Flights {
  #furthest = -1

  durable(position: number): void {
    if (position > this.#furthest) this.#furthest = position
  }

  /** A position; -1: nothing was appended yet. */
  readonly furthest = (): number => this.#furthest
}
