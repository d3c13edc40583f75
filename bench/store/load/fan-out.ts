// Many subscriptions of one process, and one event at a time that all of them receive.
import { END, streamNameFilter } from '@eventstore/db-client'
import type { Figures } from '../figures.ts'
import { memoryOf } from '../processes.ts'
import { message } from './events.ts'
import type { Setting } from './jobs.ts'
import { caughtUp } from './live.ts'
import { startMeter } from './meter.ts'

export interface FanOut {
  prefix: string
  subscribers: number
  events: number
}

export const fanOut = async (
  { client, serverPid }: Setting,
  { prefix, subscribers, events }: FanOut,
): Promise<{ opening: Figures; delivery: Figures }> => {
  const filter = streamNameFilter({ prefixes: [prefix], checkpointInterval: 32 })
  let received = 0
  let all = (): void => undefined
  const opening = startMeter(serverPid)
  const subscriptions = Array.from({ length: subscribers }, () => client.subscribeToAll({ fromPosition: END, filter }))
  await Promise.all(subscriptions.map(caughtUp))
  opening.add(subscribers)
  const opened = { ...opening.stop(), serverMemory: memoryOf(serverPid) }
  for (const subscription of subscriptions)
    subscription.on('data', () => {
      if (++received === subscribers) all()
    })

  const deliver = async (): Promise<number> => {
    received = 0
    const everywhere = new Promise<void>(resolve => (all = resolve))
    const began = performance.now()
    await Promise.all([client.appendToStream(prefix, message()), everywhere])
    return performance.now() - began
  }
  for (let i = 0; i < 5; i++) await deliver()
  const meter = startMeter(serverPid)
  for (let i = 0; i < events; i++) meter.took(await deliver())
  const delivery = { ...meter.stop(events * subscribers), serverMemory: memoryOf(serverPid) }
  await Promise.all(subscriptions.map(each => each.unsubscribe()))
  return { opening: opened, delivery }
}
