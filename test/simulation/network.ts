// The network of a run: connections that are two pipes of bytes. What is on its way arrives in order, in pieces, after a while;
// a connection is cut at any byte, and each end hears of that in its own time.
import { Duplex } from 'node:stream'
import type { Luck } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** Milliseconds that something takes: little most of the time. */
export function delay(luck: Luck): number {
  const kind = luck.next()
  const share = luck.next()
  if (kind < 0.75) return share * 3
  return kind < 0.97 ? share * 40 : share * 800
}

/** One direction. */
class Pipe {
  /** Nothing arrives before this. */
  stalledUntil = 0
  readonly #scheduler: Scheduler
  readonly #luck: Luck
  readonly #arrived: (bytes: Buffer) => void
  readonly #ended: () => void
  #free = 0
  /** Bytes that may still arrive, once it is cut. */
  #left = Infinity
  #over = false

  constructor(scheduler: Scheduler, luck: Luck, arrived: (bytes: Buffer) => void, ended: () => void) {
    this.#scheduler = scheduler
    this.#luck = luck
    this.#arrived = arrived
    this.#ended = ended
  }

  push(bytes: Buffer, taken?: () => void): void {
    if (this.#over) return
    const at = bytes.length > 1 && this.#luck.chance(0.2) ? 1 + this.#luck.below(bytes.length - 1) : bytes.length
    this.#send(bytes.subarray(0, at), at === bytes.length ? taken : undefined)
    if (at < bytes.length) this.#send(bytes.subarray(at), taken)
  }

  /** So many more bytes arrive, of those that are on their way; then the other end hears that it is over. */
  cut(bytes: number): void {
    this.#left = Math.min(this.#left, bytes)
    this.end()
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    this.#at(() => this.#ended())
  }

  #send(bytes: Buffer, taken: (() => void) | undefined): void {
    this.#at(() => {
      const arrives = bytes.subarray(0, this.#left)
      this.#left -= arrives.length
      this.#scheduler.note(arrives.length)
      if (arrives.length > 0) this.#arrived(arrives)
      taken?.()
    })
  }

  #at(run: () => void): void {
    const { now } = this.#scheduler
    this.#free = Math.max(this.#free, now + delay(this.#luck), this.stalledUntil)
    this.#scheduler.after(this.#free - now, run)
  }
}

export interface ClientEnd {
  send(bytes: Buffer): void
  end(): void
}

export interface Connection {
  readonly client: ClientEnd
  readonly server: Duplex
  readonly isOver: boolean
  /** At some byte in each direction. */
  cut(): void
  /** Nothing arrives for so long, either way or both. */
  stall(ms: number, way: 'up' | 'down' | 'both'): void
}

/** `slow`: the server hears that bytes were taken only when they were; few may wait meanwhile. */
export function openConnection(
  scheduler: Scheduler,
  luck: Luck,
  slow: boolean,
  heard: { bytes(bytes: Buffer): void; ended(): void },
): Connection {
  let over = false
  const up = new Pipe(
    scheduler,
    luck,
    bytes => void server.push(bytes),
    () => {
      over = true
      server.destroy()
    },
  )
  const down = new Pipe(scheduler, luck, heard.bytes, () => {
    over = true
    heard.ended()
  })
  const server = new Duplex({
    allowHalfOpen: true,
    ...(slow ? { writableHighWaterMark: 600 } : {}),
    read: () => undefined,
    write: (bytes: Buffer, _, done) => {
      if (slow) return down.push(bytes, done)
      down.push(bytes)
      done()
    },
    final: done => {
      down.end()
      done()
    },
    destroy: (error, done) => {
      down.end()
      up.cut(0)
      done(error)
    },
  })
  server.on('error', () => undefined)
  return {
    client: {
      send: bytes => up.push(bytes),
      end: () => up.end(),
    },
    server,
    get isOver() {
      return over
    },
    cut() {
      down.cut(luck.below(400))
      up.cut(luck.below(400))
    },
    stall(ms, way) {
      if (way !== 'down') up.stalledUntil = scheduler.now + ms
      if (way !== 'up') down.stalledUntil = scheduler.now + ms
    },
  }
}
