// What waits because a message before it is missing, until that is fetched or known to be one's own.
import type { HistoryMessage } from './answers.ts'
import type { FrameOf, Heard, Message } from './frames.ts'
import type { Hole } from './gaps.ts'

export interface Filling {
  /** Fetches what is missing; undefined where it cannot be had. */
  fill(hole: Hole, signal: AbortSignal): Promise<readonly HistoryMessage[] | undefined>
  /** Whether there is a connection, as far as is known. */
  isLive(): boolean
}

type Filled = (found: readonly HistoryMessage[] | undefined) => void

/** How long what this client has said itself, and what may be what is missing, is waited for; and a connection (milliseconds). */
const waitMs = 1_000

export class Held {
  readonly first: Message
  readonly #filling: Filling
  readonly #filled: Filled
  #hole: Hole
  #frames: Heard[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking: AbortController | undefined

  /** `first` comes after the hole. `filled` is called once, unless it is stopped. */
  constructor(hole: Hole, first: Message, filling: Filling, filled: Filled) {
    this.#hole = hole
    this.first = first
    this.#filling = filling
    this.#filled = filled
  }

  get hole(): Hole {
    return this.#hole
  }

  /** What came after `first`. */
  get frames(): readonly Heard[] {
    return this.#frames
  }

  /** Of the last of what waits. */
  get cursor(): string {
    return (this.#frames.findLast(hasCursor) ?? this.first).cursor
  }

  push(frame: Heard): void {
    this.#frames.push(frame)
  }

  /** What is missing may be one's own, with the answer on its way, where something is being said. */
  begin(saying: boolean): void {
    this.stop()
    if (saying) this.#timer = setTimeout(() => void this.#ask(), waitMs)
    else void this.#ask()
  }

  /** There is another connection: where the one before was is not where it is, and what was asked over that may never be answered. */
  anew(saying: boolean): void {
    this.#frames = this.#frames.map(frame => (isHead(frame) ? { ...frame, type: 'place' } : frame))
    this.begin(saying)
  }

  /** Something that was said has its answer. */
  narrow(hole: Hole, saying: boolean): void {
    this.#hole = hole
    if (!saying && !this.#asking) this.begin(false)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = undefined
  }

  async #ask(): Promise<void> {
    const asking = (this.#asking = new AbortController())
    const found = await this.#filling.fill(this.#hole, asking.signal)
    if (this.#asking !== asking) return
    this.#asking = undefined
    if (found || this.#filling.isLive()) return this.#filled(found)
    this.#timer = setTimeout(() => void this.#ask(), waitMs) // it is no less missing without a connection
  }
}

const hasCursor = (frame: Heard): frame is Extract<Heard, { cursor: string }> => 'cursor' in frame
const isHead = (frame: Heard): frame is FrameOf<'head' | 'resumed'> => frame.type === 'head' || frame.type === 'resumed'
