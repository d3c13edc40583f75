// Writes a given number of events, each stream's spread over the whole of it.
import type { Position } from '@eventstore/db-client'
import type { Figures } from '../figures.ts'
import { message, messages } from './events.ts'
import type { Setting } from './jobs.ts'
import { startMeter } from './meter.ts'

export interface Filling {
  prefix: string
  /** Names of the streams, after the prefix. */
  streams: readonly string[]
  perStream: number
  /** Events in one append. */
  each: number
}

/** Also returns the position before the first event. */
export const fill = async (
  { client, serverPid }: Setting,
  { prefix, streams, perStream, each }: Filling,
): Promise<{ figures: Figures; before: Position }> => {
  const { position } = await client.appendToStream(`${prefix}begins`, message())
  const meter = startMeter(serverPid)
  const appends = (streams.length * perStream) / each
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < appends) {
      await client.appendToStream(`${prefix}${streams[next++ % streams.length]}`, messages(each))
      meter.add(each)
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  return { figures: meter.stop(), before: position as Position }
}
