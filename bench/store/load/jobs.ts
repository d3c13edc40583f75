// What the client's process can be told to do: by name, since it is told by messages.
import type { EventStoreDBClient } from '@eventstore/db-client'
import { append } from './append.ts'
import { catchUp, readAll } from './catch-up.ts'
import { fanOut } from './fan-out.ts'
import { fill } from './fill.ts'
import { live } from './live.ts'
import { readStreams } from './read.ts'

export interface Setting {
  client: EventStoreDBClient
  /** Where it is known. */
  serverPid: number | undefined
}

export const jobs = { append, fill, catchUp, readAll, readStreams, live, fanOut }

export type Jobs = typeof jobs
