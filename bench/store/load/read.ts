// Reads streams again and again, so many at once.
import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client'
import type { ReadStreamOptions } from '@eventstore/db-client'
import type { Figures } from '../figures.ts'
import type { Setting } from './jobs.ts'
import { measure } from './meter.ts'
import type { Load } from './meter.ts'

export interface ReadLoad extends Load {
  prefix: string
  /** Names of the streams, after the prefix. */
  streams: readonly string[]
  /** The last so many events, latest first; or the whole stream. */
  what: { last: number } | 'whole'
}

/** The rate counts streams. */
export const readStreams = ({ client, serverPid }: Setting, load: ReadLoad): Promise<Figures> => {
  const { prefix, streams, what } = load
  const options: ReadStreamOptions =
    what === 'whole'
      ? { direction: FORWARDS, fromRevision: START }
      : { direction: BACKWARDS, fromRevision: END, maxCount: what.last }
  // neighbours were written together: a step that has no factor in common with their number jumps about among all
  const step = 7919
  let next = 0
  return measure(serverPid, load, async () => {
    const stream = streams[(next++ * step) % streams.length]!
    let found = 0
    for await (const _ of client.readStream(`${prefix}${stream}`, options)) found++
    if (found === 0) throw new Error(`${prefix}${stream} is empty`)
    return 1
  })
}
