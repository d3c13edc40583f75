// Appends as fast as they are answered, so many under way at once, at any revision.
import type { Figures } from '../figures.ts'
import { messages } from './events.ts'
import type { Setting } from './jobs.ts'
import { measure } from './meter.ts'
import type { Load } from './meter.ts'

export interface AppendLoad extends Load {
  /** What the streams' names begin with. */
  prefix: string
  streams: number
  /** Events in one append. */
  each: number
}

export const append = ({ client, serverPid }: Setting, load: AppendLoad): Promise<Figures> => {
  const { prefix, streams, each } = load
  let next = 0
  return measure(serverPid, load, async () => {
    await client.appendToStream(`${prefix}${next++ % streams}`, messages(each))
    return each
  })
}
