// Reads what is there: as a subscription until it has caught up, filtered or not, or as a read of $all.
import { streamNameFilter } from '@eventstore/db-client'
import type { Position } from '@eventstore/db-client'
import type { Figures } from '../figures.ts'
import type { Setting } from './jobs.ts'
import { startMeter } from './meter.ts'

export interface CatchUp {
  /** The position before the first event. */
  from: Position
  /** How many events there are after that, which is what the rate counts. */
  events: number
  filter?: { prefix: string; matching: number }
}

export const catchUp = ({ client, serverPid }: Setting, { from, events, filter }: CatchUp): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const expected = filter?.matching ?? events
    const meter = startMeter(serverPid)
    let received = 0
    let caughtUp = false
    const subscription = client.subscribeToAll({
      fromPosition: from,
      ...(filter && { filter: streamNameFilter({ prefixes: [filter.prefix], checkpointInterval: 32 }) }),
    })
    // the word that it has caught up overtakes events that wait in the client
    const finish = (): void => {
      if (!caughtUp || received < expected) return
      meter.add(events)
      resolve(meter.stop())
      void subscription.unsubscribe()
    }
    subscription
      .on('error', reject)
      .on('data', () => {
        received++
        finish()
      })
      .on('caughtUp', () => {
        caughtUp = true
        finish()
      })
  })

export const readAll = async ({ client, serverPid }: Setting, { from, events }: CatchUp): Promise<Figures> => {
  const meter = startMeter(serverPid)
  for await (const _ of client.readAll({ fromPosition: from, maxCount: events })) meter.add(1)
  return meter.stop()
}
