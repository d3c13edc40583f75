// Who is told what has come. A frame is handled when every listener is through with it (a promise: when it settles) and
// every iterator has come back for the next one; only then is its cursor kept.
import type { Expired } from './expiry.ts'
import type { FrameOf, ServerFrame, ServerFrameType } from './frames.ts'
import type { Gap } from './gaps.ts'
import type { ConnectionState } from './link.ts'
import type { Answer, Asking } from './outbox.ts'
import { createQueue } from './queue.ts'
import type { Queue } from './queue.ts'

/** What comes by itself; answers go to whoever asked. */
type PushedType = Exclude<ServerFrameType, 'welcome' | 'sent' | 'resumed' | 'head' | 'pong'>
export type Pushed = Extract<ServerFrame, { type: PushedType }>
export type Events = { [T in PushedType]: FrameOf<T> } & {
  connection: ConnectionState
  expired: Expired
  /** What was asked, in this run or in one before, and what became of it. */
  outbox: { readonly frame: Asking } & Answer
  gap: Gap
  current: { readonly current: boolean }
}
export type Listener<T extends keyof Events> = (event: Events[T]) => unknown

interface InHand {
  left: number
  readonly handled: () => void
}

export class Listeners {
  readonly #by = new Map<string, Set<(event: never) => unknown>>()
  readonly #iterators = new Set<Queue<Pushed>>()
  readonly #iteratorsBy = new Map<string, Set<Queue<never>>>()
  readonly #inHand: InHand[] = []
  #ended = false
  #stuck = false

  has(type: keyof Events): boolean {
    return (this.#by.get(type)?.size ?? 0) > 0 || (this.#iteratorsBy.get(type)?.size ?? 0) > 0
  }

  /** Returns what takes the listener away again. */
  on<T extends keyof Events>(type: T, listener: Listener<T>): () => void {
    const all = this.#by.get(type) ?? new Set()
    this.#by.set(type, all.add(listener))
    return () => void all.delete(listener)
  }

  /** What is no frame: no cursor waits for it. */
  tell<T extends keyof Events>(type: T, event: Events[T]): void {
    void this.#call(type, event)
    for (const queue of this.#iteratorsBy.get(type) ?? []) (queue as Queue<Events[T]>).take(event)
  }

  #call<T extends keyof Events>(type: T, event: Events[T]): Promise<unknown>[] {
    const promises: Promise<unknown>[] = []
    for (const listener of [...(this.#by.get(type) ?? [])]) {
      try {
        const result = (listener as Listener<T>)(event)
        if (result instanceof Promise) promises.push(result)
      } catch (thrown) {
        fault(thrown)
      }
    }
    return promises
  }

  /** Tells a frame; `handled` is called once it and all before it are handled. A frame that nobody is told has only its turn. */
  push(frame: Pushed | undefined, handled: () => void): void {
    const entry: InHand = { left: 1, handled }
    if (!this.#stuck) this.#inHand.push(entry)
    const done = () => {
      entry.left--
      this.#release()
    }
    if (frame) {
      for (const promise of this.#call(frame.type, frame)) {
        entry.left++
        promise.catch(fault).finally(done)
      }
      for (const queue of this.#iterators) this.#give(queue, frame, entry, done)
      const own = this.#iteratorsBy.get(frame.type)
      if (own) for (const queue of own) this.#give(queue, frame as never, entry, done)
    }
    done()
  }

  #give<T>(queue: Queue<T>, event: T, entry: InHand, done: () => void): void {
    entry.left++
    queue.take(event, done)
  }

  /** Every frame from now on. Ends when the client is closed. */
  frames(): AsyncIterableIterator<Pushed> {
    return this.#iterate<Pushed>(this.#iterators)
  }

  /** Every event of a type from now on. Ends when the client is closed. */
  events<T extends keyof Events>(type: T): AsyncIterableIterator<Events[T]> {
    const all = this.#iteratorsBy.get(type) ?? new Set()
    this.#iteratorsBy.set(type, all)
    return this.#iterate<Events[T]>(all)
  }

  /** Iterators give what they still have, and end. */
  end(): void {
    this.#ended = true
    for (const queues of [this.#iterators, ...this.#iteratorsBy.values()]) for (const queue of queues) queue.end()
  }

  #iterate<T>(all: Set<Queue<T>>): AsyncIterableIterator<T> {
    const queue = createQueue<T>(unhandled => {
      all.delete(queue)
      if (unhandled) this.#stay()
    })
    all.add(queue)
    if (this.#ended) queue.end()
    return queue.iterator
  }

  /** Somebody does not read what came: nothing from here on counts as handled, and nothing is remembered to be. */
  #stay(): void {
    this.#stuck = true
    this.#inHand.length = 0
  }

  #release(): void {
    while (this.#inHand[0]?.left === 0) this.#inHand.shift()?.handled()
  }
}

/** A listener that throws does not stop the others: its error surfaces as an uncaught one, where its author sees it. */
function fault(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown
  })
}
