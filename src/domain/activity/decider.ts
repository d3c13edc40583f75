// Activity is told at most once in five seconds: enough for "online", little enough for the log.
import { decider } from '../decider.ts'
import type { ActivityCommand } from './commands.ts'
import type { ActivityEvent } from './events.ts'

/** Milliseconds between two activity events of one person, at least. */
export const activityGapMs = 5_000

/** When activity was last told, in milliseconds since the epoch. */
export interface Activity {
  readonly toldAt: number
}

export const activity = decider<Activity, ActivityCommand, ActivityEvent>({
  initial: { toldAt: -Infinity },

  decide: {
    RecordActivity: ({ user, at }, now) =>
      Date.parse(at) - now.toldAt < activityGapMs ? [] : [{ type: 'UserActive', data: { user, at } }],
  },

  evolve: {
    UserActive: ({ data }, now) => ({ toldAt: Math.max(now.toldAt, Date.parse(data.at)) }),
  },
})
