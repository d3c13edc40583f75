// What the generator can be told to do: by name, since it is told by messages.
import type { Target } from '../server.ts'
import { away } from './away.ts'
import { growth } from './growth.ts'
import { longAway } from './long-away.ts'
import { logins } from './logins.ts'
import { mixed } from './mixed.ts'
import { oneToOne } from './one-to-one.ts'
import { room } from './room.ts'
import { caughtUp, fill, firstSent } from './stored.ts'

export interface Setting {
  target: Target
}

export const jobs = { oneToOne, room, logins, away, longAway, mixed, fill, firstSent, caughtUp, growth }

export type Jobs = typeof jobs
export type Job = keyof Jobs
