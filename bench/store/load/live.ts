// Appends at an even pace, and a subscription in the same process: how long from one to the other.
import { END, streamNameFilter } from '@eventstore/db-client'
import type { AllStreamSubscription } from '@eventstore/db-client'
import type { Figures } from '../figures.ts'
import { message } from './events.ts'
import type { Setting } from './jobs.ts'
import { pause, startMeter } from './meter.ts'

export interface LiveLoad {
  prefix: string
  streams: number
  perSecond: number
  /** In ms. */
  warmUp: number
  window: number
}

/** ms that the last events may take to arrive. */
const PATIENCE = 30_000

export const live = async ({ client, serverPid }: Setting, load: LiveLoad): Promise<Figures> => {
  const { prefix, streams, perSecond, warmUp, window } = load
  const sent = new Map<string, number>()
  const failures: unknown[] = []
  let took: (ms: number) => void = () => undefined
  const filter = streamNameFilter({ prefixes: [prefix], checkpointInterval: 32 })
  const subscription = client.subscribeToAll({ fromPosition: END, filter })
  await caughtUp(subscription)
  subscription.on('data', ({ event }) => {
    const at = sent.get(event!.id)
    sent.delete(event!.id)
    if (at !== undefined) took(performance.now() - at)
  })

  let count = 0
  const began = performance.now()
  const sendWhatIsDue = (): void => {
    const due = ((performance.now() - began) / 1000) * perSecond
    for (; count < due; count++) {
      const event = message()
      sent.set(event.id, performance.now())
      client.appendToStream(`${prefix}${count % streams}`, event).catch((error: unknown) => failures.push(error))
    }
  }
  const pacing = setInterval(sendWhatIsDue, 1)
  await pause(warmUp)
  const meter = startMeter(serverPid)
  took = meter.took
  await pause(window)
  clearInterval(pacing)
  const givenUp = performance.now() + PATIENCE
  while (sent.size > 0 && failures.length === 0 && performance.now() < givenUp) await pause(1)
  const figures = meter.stop()
  await subscription.unsubscribe()
  if (failures.length > 0) throw failures[0]
  if (sent.size > 0) throw new Error(`${sent.size} of ${count} events did not reach the subscription`)
  return figures
}

/** Reading, which `data` begins, is what makes a subscription say so. */
export const caughtUp = (subscription: AllStreamSubscription): Promise<void> =>
  new Promise((resolve, reject) => {
    subscription
      .on('error', reject)
      .on('data', () => undefined)
      .once('caughtUp', resolve)
  })
