// Waiting on what the client's streams give: all of it, so many of it, or that something happens.
import type { EventEmitter } from 'node:events'
import type { ResolvedEvent } from '@eventstore/db-client'
import { onTestFinished } from 'vitest'

/** All events of a read that ends. */
export const read = async (stream: AsyncIterable<ResolvedEvent>): Promise<ResolvedEvent[]> => {
  const found: ResolvedEvent[] = []
  for await (const each of stream) found.push(each)
  return found
}

interface Subscription {
  on(name: 'data', listener: (event: ResolvedEvent) => void): this
  on(name: 'error', listener: (error: Error) => void): this
}

/** The first so many events of a subscription. */
export const collect = (subscription: Subscription, count: number): Promise<ResolvedEvent[]> =>
  new Promise((resolve, reject) => {
    const found: ResolvedEvent[] = []
    subscription.on('error', reject)
    subscription.on('data', each => {
      if (found.push(each) === count) resolve(found)
    })
  })

export const received = <T>(emitter: unknown, name: string): Promise<T> =>
  new Promise(resolve => (emitter as EventEmitter).once(name, resolve))

/** Resolves when the subscription says so; rejects where it fails first. */
export const comes = (subscription: unknown, name: 'caughtUp' | 'confirmation'): Promise<void> =>
  new Promise((resolve, reject) => {
    const emitter = subscription as EventEmitter
    emitter.once('error', reject)
    emitter.once(name, () => resolve())
  })

interface Endable extends Subscription {
  unsubscribe(): Promise<void>
}

export interface Followed {
  /** What has come so far. */
  found: ResolvedEvent[]
  /** The first so many events, once they are there; rejects where the subscription fails. */
  until(count: number): Promise<ResolvedEvent[]>
  caughtUp: Promise<void>
}

/** Takes what a subscription gives from now on until the test is over. */
export const follow = (subscription: Endable): Followed => {
  onTestFinished(() => subscription.unsubscribe())
  const found: ResolvedEvent[] = []
  let failed: Error | undefined
  let look: () => void = () => undefined
  subscription.on('data', each => {
    found.push(each)
    look()
  })
  subscription.on('error', error => {
    failed = error
    look()
  })
  const caughtUp = comes(subscription, 'caughtUp')
  caughtUp.catch(() => undefined) // a test that does not wait for it does not fail by it
  return {
    found,
    caughtUp,
    until: count =>
      new Promise((resolve, reject) => {
        look = () => {
          if (found.length >= count) resolve(found.slice(0, count))
          else if (failed) reject(failed)
        }
        look()
      }),
  }
}

/** The error that a promise rejects with; a promise that is kept fails the test. */
export const refusal = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    value => {
      throw new Error(`not refused: ${String(value)}`)
    },
    (error: unknown) => error as Error,
  )

/** Asks until the answer is as it should be, or that often, and gives the last answer. */
export const becomes = async <T>(ask: () => Promise<T>, isRight: (answer: T) => boolean, times = 1000): Promise<T> => {
  let answer = await ask()
  for (let asked = 1; !isRight(answer) && asked < times; asked++) answer = await ask()
  return answer
}
