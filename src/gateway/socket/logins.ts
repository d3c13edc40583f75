// How sessions join the fan-out: those that log in within a tick, or while others' question is under way, together with one query.
// While it runs the feed goes on; what it brings is kept and replayed for them, so that what the read models have and what is
// pushed meet without a gap.
import type { Commands, SessionRef } from '../../commands/index.ts'
import type { Feed, Position, RecordedEvent } from '../../eventstore/index.ts'
import type { Arrival, Projections } from '../../projections/index.ts'
import { together } from '../../together.ts'
import type { Fanout, Receiver } from './fanout.ts'
import type { Times } from './membership.ts'

export interface Logins {
  /** The feed's next events, which the fan-out has taken. */
  take(events: readonly RecordedEvent[]): void
  /**
   * Resolves to the position after which everything is pushed to this session, when its device is linked. Frames may be pushed before
   * it resolves. Rejects where the read models cannot be asked, or the device cannot be linked.
   */
  attach(receiver: Receiver, session: SessionRef): Promise<Position>
}

interface Coming {
  readonly receiver: Receiver
  readonly session: SessionRef
}

/** People one statement asks about at most. */
const most = 500

export function createLogins(
  projections: Pick<Projections, 'queries' | 'position'>,
  feed: Feed,
  fanout: Fanout,
  commands: Pick<Commands, 'arrive'>,
): Logins {
  const tails = new Set<RecordedEvent[]>()

  const join = together<Coming, { base: Position; standing: Arrival['standing'] }>(most, async coming => {
    const base = Math.min(projections.position(), fanout.position())
    const tail = feed.since(base).filter(isOfConversation)
    tails.add(tail)
    try {
      const who = coming.map(({ session: { user, device } }) => ({ user, device }))
      const arrivals = await projections.queries.arrivals(who, base)
      for (const [n, { receiver }] of coming.entries()) fanout.attach(receiver, timesOf(arrivals[n]!), tail)
      return arrivals.map(({ standing }) => ({ base, standing }))
    } finally {
      tails.delete(tail)
    }
  })

  return {
    take: events => {
      if (tails.size === 0) return
      const told = events.filter(isOfConversation)
      for (const tail of tails) for (const event of told) tail.push(event)
    },
    async attach(receiver, session) {
      const { base, standing } = await join({ receiver, session })
      if (standing === 'linked') return base // as nearly everybody's
      try {
        await commands.arrive(session, standing)
      } catch (error) {
        fanout.detach(receiver)
        throw error
      }
      return base
    },
  }
}

/** Whether who logs in might see it: while many do, most of what happens is that they do. */
const isOfConversation = ({ stream }: RecordedEvent): boolean =>
  stream.startsWith('conversation-') || stream.startsWith('receipts-')

function timesOf({ stays }: Arrival): Map<string, Times> {
  const conversations = new Map<string, Times>()
  for (const { conversation, joinedSeq, leftSeq } of stays) {
    const times = conversations.get(conversation) ?? []
    times.push(joinedSeq, ...(leftSeq === null ? [] : [leftSeq]))
    conversations.set(conversation, times)
  }
  return conversations
}
