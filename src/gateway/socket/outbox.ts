// What waits for one reader. Bounded by who owns it: `bytes` says how much there is.
import type { Position } from '../../eventstore/index.ts'

/** Messages first to last: what overload sheds, it sheds from the end. */
export const frameClasses = ['answer', 'message', 'membership', 'receipt', 'typing', 'presence'] as const
export type FrameClass = (typeof frameClasses)[number]

/** A frame on its way. Shared by all sessions that get it. */
export interface Outgoing {
  readonly class: FrameClass
  /** Where it stands in `$all`, if it has a history. */
  readonly position?: Position
  /** A later frame with the same key says all that this one says; where they have marks, if its mark is not lower. */
  readonly key?: string
  readonly mark?: number
  /** The encoded frame; undefined while its body is being opened. */
  bytes: Buffer | undefined
  /** Settles when `bytes` is there. */
  readonly opened?: Promise<void>
  /** Its length, or near it where it is not known yet. */
  readonly size: number
}

/**
 * One queue, in the order of the log: a client keeps the cursor of the last frame it handled, so nothing with a cursor may
 * overtake. While a reader is slow, a newer receipt takes the older one out and goes to its own place. Typing and presence
 * have no cursor, wait for all else, presence for typing too, and of each key only the latest counts.
 */
export class Outbox {
  #queue: (Outgoing | undefined)[] = []
  #first = 0
  /** By key, where the latest stands. Made when it is needed, as those of what is loose: most readers need none. */
  #places: Map<string, number> | undefined
  #typing: Map<string, Outgoing> | undefined
  #presence: Map<string, Outgoing> | undefined
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get empty(): boolean {
    return this.#queue.length === 0 && !this.#typing?.size && !this.#presence?.size
  }

  push(frame: Outgoing, slow: boolean): void {
    if (slow && this.#saysLess(frame)) return
    this.#bytes += frame.size
    if ((frame.class === 'presence' || frame.class === 'typing') && frame.key !== undefined) {
      const loose =
        frame.class === 'typing'
          ? (this.#typing ??= new Map<string, Outgoing>())
          : (this.#presence ??= new Map<string, Outgoing>())
      this.#bytes -= loose.get(frame.key)?.size ?? 0
      loose.delete(frame.key)
      loose.set(frame.key, frame)
      return
    }
    if (frame.key !== undefined) this.#place(frame.key, slow)
    this.#queue.push(frame)
  }

  /** The next frames, `most` bytes or one frame, and whether what follows is still being opened. */
  take(most: number): { frames: Buffer[]; blockedBy: Promise<void> | undefined } {
    const frames: Buffer[] = []
    let left = most
    let next = 0
    for (; next < this.#queue.length && left > 0; next++) {
      const frame = this.#queue[next]
      if (frame === undefined) continue
      if (frame.bytes === undefined) {
        this.#forget(next)
        return { frames, blockedBy: frame.opened }
      }
      frames.push(frame.bytes)
      left -= frame.bytes.length
      this.#bytes -= frame.size
      if (frame.key !== undefined && this.#places?.get(frame.key) === this.#first + next) this.#places.delete(frame.key)
    }
    this.#forget(next)
    for (const loose of [this.#typing, this.#presence])
      for (const [key, frame] of loose ?? []) {
        if (left <= 0 || this.#queue.length > 0) break
        frames.push(frame.bytes!)
        left -= frame.size
        this.#bytes -= frame.size
        loose!.delete(key)
      }
    return { frames, blockedBy: undefined }
  }

  clear(): void {
    this.#queue = []
    this.#places = this.#typing = this.#presence = undefined
    this.#bytes = 0
  }

  /** A mark that is lower than one that waits: another device's, of which it was forgotten that the member has got further. */
  #saysLess({ key, mark }: Outgoing): boolean {
    const place = key === undefined ? undefined : this.#places?.get(key)
    const waits = place === undefined ? undefined : this.#queue[place - this.#first]
    return waits?.mark !== undefined && mark !== undefined && mark < waits.mark
  }

  #place(key: string, slow: boolean): void {
    const places = (this.#places ??= new Map<string, number>())
    const older = places.get(key)
    if (slow && older !== undefined) {
      this.#bytes -= this.#queue[older - this.#first]!.size
      this.#queue[older - this.#first] = undefined
    }
    places.set(key, this.#first + this.#queue.length)
  }

  /** The first so many are out of the queue. */
  #forget(count: number): void {
    this.#first += count
    if (count === this.#queue.length) this.#queue.length = 0
    else if (count > 0) this.#queue.splice(0, count)
  }
}
