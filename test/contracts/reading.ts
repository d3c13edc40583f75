// Waiting on what the client's streams give: all of it, so many of it, or that something happens.
import type { EventEmitter } from 'node:events'
import type { ResolvedEvent } from '@eventstore/db-client'

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
