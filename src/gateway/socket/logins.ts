// How sessions join the fan-out: those that log in within a tick, or while others' question is under way, together with one query.
// While it runs the feed goes on; what it brings is kept and replayed for them, so that what the read models have and what is
// pushed meet without a gap.
import type { Feed, Position, RecordedEvent } from '../../eventstore/index.ts'
import type { Projections } from '../../projections/index.ts'
import { together } from '../../together.ts'
import type { Fanout, Receiver } from './fanout.ts'
import type { Times } from './membership.ts'

export interface Logins {
  /** The feed's next events, which the fan-out has taken. */
  take(events: readonly RecordedEvent[]): void
  /**
   * Resolves to the position after which everything is pushed to this session. Frames may be pushed before it resolves.
   * Rejects where the read models cannot be asked.
   */
  attach(receiver: Receiver): Promise<Position>
}

export function createLogins(
  projections: Pick<Projections, 'queries' | 'position'>,
  feed: Feed,
  fanout: Fanout,
): Logins {
  const tails = new Set<RecordedEvent[]>()

  const attach = together<Receiver, Position>(Infinity, async receivers => {
    const base = Math.min(projections.position(), fanout.position())
    const tail = [...feed.since(base)]
    tails.add(tail)
    try {
      const users = [...new Set(receivers.map(({ user }) => user))]
      const rows = await projections.queries.memberships(users, base)
      const conversations = new Map(users.map(user => [user, new Map<string, Times>()]))
      for (const { user, conversation, intervals } of rows) {
        const times = intervals.flatMap(({ joinedSeq, leftSeq }) =>
          leftSeq === null ? [joinedSeq] : [joinedSeq, leftSeq],
        )
        conversations.get(user)?.set(conversation, times)
      }
      for (const receiver of receivers) fanout.attach(receiver, conversations.get(receiver.user)!, tail)
      return receivers.map(() => base)
    } finally {
      tails.delete(tail)
    }
  })

  return {
    take: events => {
      for (const tail of tails) for (const event of events) tail.push(event)
    },
    attach,
  }
}
