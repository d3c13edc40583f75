// Who is told what has come. A frame is handled when every listener is through with it (a promise: when it settles) and
// every iterator has come back for the next one; only then is its cursor kept.
import type { Expired } from './expiry.ts'
import type { FrameOf, ServerFrame, ServerFrameType } from './frames.ts'
import type { ConnectionState } from './link.ts'

/** What comes by itself; answers go to whoever asked. */
type PushedType = Exclude<ServerFrameType, 'welcome' | 'sent' | 'resumed' | 'head' | 'pong'>
export type Pushed = Extract<ServerFrame, { type: PushedType }>
export type Events = { [T in PushedType]: FrameOf<T> } & { connection: ConnectionState; expired: Expired }
export type Listener<T extends keyof Events> = (event: Events[T]) => unknown

interface InHand {
  left: number
  readonly handled: () => void
}

export class Listeners {
  readonly #by = new Map<string, Set<(event: never) => unknown>>()
  readonly #iterators = new Set<(frame: Pushed, done: () => void) => void>()
  readonly #inHand: InHand[] = []
  readonly #endings = new Set<() => void>()
  #ended = false

  /** Returns what takes the listener away again. */
  on<T extends keyof Events>(type: T, listener: Listener<T>): () => void {
    const all = this.#by.get(type) ?? new Set()
    this.#by.set(type, all.add(listener))
    return () => void all.delete(listener)
  }

  tell<T extends keyof Events>(type: T, event: Events[T]): Promise<unknown>[] {
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
    this.#inHand.push(entry)
    const done = () => {
      entry.left--
      this.#release()
    }
    if (frame) {
      for (const promise of this.tell(frame.type, frame)) {
        entry.left++
        promise.catch(fault).finally(done)
      }
      for (const iterator of [...this.#iterators]) {
        entry.left++
        iterator(frame, done)
      }
    }
    done()
  }

  /** Every frame from now on. Ends when the client is closed. */
  frames(): AsyncIterableIterator<Pushed> {
    const queue: { frame: Pushed; done: () => void }[] = []
    let wanted: ((result: IteratorResult<Pushed>) => void) | undefined
    let doneWithLast = () => {}
    const finished: IteratorResult<Pushed> = { done: true, value: undefined }
    const take = (frame: Pushed, done: () => void) => {
      if (!wanted) return void queue.push({ frame, done })
      const deliver = wanted
      wanted = undefined
      doneWithLast = done
      deliver({ done: false, value: frame })
    }
    const ending = () => wanted?.(finished)
    const stop = () => {
      this.#iterators.delete(take)
      this.#endings.delete(ending)
      doneWithLast()
      for (const { done } of queue.splice(0)) done()
      wanted?.(finished)
    }
    this.#iterators.add(take)
    this.#endings.add(ending)
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => {
        const release = doneWithLast
        doneWithLast = () => {}
        const first = queue.shift()
        if (first) doneWithLast = first.done
        release()
        if (first) return Promise.resolve({ done: false, value: first.frame })
        if (this.#ended) return Promise.resolve(finished)
        return new Promise(resolve => (wanted = resolve))
      },
      return: () => {
        stop()
        return Promise.resolve(finished)
      },
    }
  }

  /** Iterators give what they still have, and end. */
  end(): void {
    this.#ended = true
    for (const ending of this.#endings) ending()
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
