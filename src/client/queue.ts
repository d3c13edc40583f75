// An iterator over what is told: what it has not been asked for yet waits in a queue that is bounded.

/** So much waits for an iterator, then it fails. */
export const mostWaiting = 10_000

/** Nobody has read an iterator for too long. What waited for it is not handled. */
export class Overrun extends Error {
  override readonly name = 'Overrun'

  constructor() {
    super(`an iterator was not read for ${mostWaiting} events: it has ended, and the cursor stays before them`)
  }
}

/** `done`: undefined where no cursor waits for it. */
interface Waiting<T> {
  readonly value: T
  readonly done: (() => void) | undefined
}

export interface Queue<T> {
  readonly iterator: AsyncIterableIterator<T>
  /** `done` is called when the next one is asked for. Where it is full, it has failed then. */
  take(value: T, done?: () => void): void
  /** It gives what it still has, and ends. */
  end(): void
}

/** `left` is called when it is not read any more; `unhandled`: with something that a cursor waits for. */
export function createQueue<T>(left: (unhandled: boolean) => void): Queue<T> {
  let waiting: Waiting<T>[] = []
  let wanted: { resolve: (result: IteratorResult<T>) => void } | undefined
  let doneWithLast: (() => void) | undefined
  let over: 'ended' | Overrun | undefined
  const finished: IteratorResult<T> = { done: true, value: undefined }

  const end = () => {
    over ??= 'ended'
    wanted?.resolve(finished)
    wanted = undefined
  }

  const leave = () => {
    const unhandled = doneWithLast !== undefined || waiting.some(({ done }) => done)
    waiting = []
    doneWithLast = undefined
    left(unhandled)
  }

  return {
    take(value, done) {
      if (over) return
      if (wanted) {
        const { resolve } = wanted
        wanted = undefined
        doneWithLast = done
        return resolve({ done: false, value })
      }
      waiting.push({ value, done })
      if (waiting.length <= mostWaiting) return
      over = new Overrun()
      leave()
    },
    end,
    iterator: {
      [Symbol.asyncIterator]() {
        return this
      },
      next() {
        const release = doneWithLast
        const first = waiting.shift()
        doneWithLast = first?.done
        release?.()
        if (first) return Promise.resolve({ done: false, value: first.value })
        if (over instanceof Overrun) return Promise.reject(over)
        if (over) return Promise.resolve(finished)
        return new Promise(resolve => (wanted = { resolve }))
      },
      /** Also what a thrown error calls: what it has in hand and what waits is not handled. */
      return() {
        leave()
        end()
        return Promise.resolve(finished)
      },
    },
  }
}
