// One socket's writing: what a tick brings goes out in one call, and no more than the reader takes.
import type { Duplex } from 'node:stream'
import type { Tally } from '../../metrics/index.ts'
import { type FrameClass, Outbox, type Outgoing } from './outbox.ts'

/** Bytes that are handed to the system at a time; more waits in the outbox, where receipts coalesce. */
const atATime = 256 * 1024

/** Sockets that have something to write when this tick ends, what waits for their readers, and how many frames all of them were given. */
export class Ticks {
  readonly given: Tally<FrameClass>
  readonly #due = new Set<Writer>()
  /** Who did not get rid of all in its tick: few, however many sockets there are. */
  readonly #behind = new Set<Writer>()
  readonly #flush = (): void => {
    const due = [...this.#due]
    this.#due.clear()
    for (const writer of due) {
      writer.flush()
      if (writer.waiting > 0) this.#behind.add(writer)
    }
  }

  constructor(given: Tally<FrameClass>) {
    this.given = given
  }

  add(writer: Writer): void {
    if (this.#due.size === 0) setImmediate(this.#flush)
    this.#due.add(writer)
  }

  /** What waits for all readers that are there (bytes). */
  waiting(): number {
    let bytes = 0
    for (const writer of this.#behind)
      if (writer.waiting === 0 || writer.gone) this.#behind.delete(writer)
      else bytes += writer.waiting
    return bytes
  }
}

export class Writer {
  readonly #outbox = new Outbox()
  readonly #socket: Duplex
  readonly #ticks: Ticks
  readonly #failed: (error: unknown) => void
  #whenDrained: (() => void) | undefined
  #blocked = false
  #open = true
  #draining = false

  /**
   * `failed`: a frame could not be made, and none after it may go out. What a socket that comes corked was given before goes out
   * with the first frame.
   */
  constructor(socket: Duplex, ticks: Ticks, failed: (error: unknown) => void) {
    this.#socket = socket
    this.#ticks = ticks
    this.#failed = failed
  }

  /** What waits for the reader, here and in the socket. */
  get waiting(): number {
    return this.#outbox.bytes + this.#socket.writableLength
  }

  /** Nobody will read what waits. */
  get gone(): boolean {
    return this.#socket.destroyed
  }

  push(frame: Outgoing): void {
    if (!this.#open) return
    this.#ticks.given[frame.class]++
    this.#outbox.push(frame, this.#socket.writableNeedDrain)
    this.#ticks.add(this)
  }

  /** Calls once, when the reader has taken all there is. */
  whenDrained(call: () => void): void {
    this.#whenDrained = call
    this.#ticks.add(this)
  }

  /** Writes no more but what was handed to the system. */
  end(): void {
    this.flush()
    this.#open = false
    this.#outbox.clear()
    if (this.#socket.writableCorked > 0) this.#socket.uncork()
  }

  flush(): void {
    if (!this.#open || this.#blocked) return
    if (this.#socket.writableNeedDrain && this.#socket.writableCorked === 0) return this.#goOnDrained()
    const { frames, blockedBy } = this.#outbox.take(atATime)
    this.#write(frames)
    if (blockedBy) this.#waitFor(blockedBy)
    else if (!this.#outbox.empty) this.#ticks.add(this)
    else if (this.#socket.writableNeedDrain) this.#goOnDrained()
    else this.#drained()
  }

  #write(frames: readonly Buffer[]): void {
    if (frames.length === 0) return
    if (frames.length > 1 && this.#socket.writableCorked === 0) this.#socket.cork() // several go out in one call
    for (const frame of frames) this.#socket.write(frame)
    this.#socket.uncork()
  }

  /** The listener is there only as long as it is waited for: most sessions never wait. */
  #goOnDrained(): void {
    if (this.#draining) return
    this.#draining = true
    this.#socket.once('drain', () => {
      this.#draining = false
      this.flush()
    })
  }

  /** A body is being opened: what comes after it waits, for this reader alone. */
  #waitFor(opened: Promise<void>): void {
    this.#blocked = true
    opened.then(
      () => {
        this.#blocked = false
        this.#ticks.add(this)
      },
      error => this.#failed(error),
    )
  }

  #drained(): void {
    const call = this.#whenDrained
    this.#whenDrained = undefined
    call?.()
  }
}
