// What a poll session has been handed and its client may not have yet. Bounded: the oldest goes first, and is read from the read
// models if it is asked for after all.
import type { Position } from '../../eventstore/index.ts'
import type { Outgoing } from '../socket/outbox.ts'

export class Held {
  readonly #mostBytes: number
  #frames: Outgoing[] = []
  #bytes = 0
  #floor: Position = -1

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Everything after this is here. */
  get floor(): Position {
    return this.#floor
  }

  get bytes(): number {
    return this.#bytes
  }

  get empty(): boolean {
    return this.#frames.length === 0
  }

  push(frame: Outgoing): void {
    this.#frames.push(frame)
    this.#bytes += frame.size
    let first = 0
    while (this.#bytes > this.#mostBytes) this.#bytes -= this.#frames[first++]!.size
    if (first > 0) this.#drop(first)
  }

  /** What is not after this position is not needed any more. */
  forget(upTo: Position): void {
    let first = 0
    for (; first < this.#frames.length && this.#frames[first]!.position! <= upTo; first++)
      this.#bytes -= this.#frames[first]!.size
    this.#drop(first)
    this.#floor = Math.max(this.#floor, upTo)
  }

  after(position: Position): readonly Outgoing[] {
    const first = this.#frames.findIndex(frame => frame.position! > position)
    return first < 0 ? [] : this.#frames.slice(first)
  }

  clear(): void {
    this.#frames = []
    this.#bytes = 0
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#floor = Math.max(this.#floor, this.#frames[count - 1]!.position!)
    this.#frames.splice(0, count)
  }
}
