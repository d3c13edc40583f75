// The sessions of boxes that are gone: whoever notices closes them. Two that notice at once do no harm, since a session closes
// once; and a box that goes while it does this is followed by the next.
import type { Commands } from '../commands/index.ts'
import type { Queries } from '../projections/index.ts'
import type { Leases } from './lease.ts'

/** Sessions of one query, and closed at once. */
const pageRows = 200

export function lostSessions(
  queries: Pick<Queries, 'boxesHavingSessions' | 'sessionsOn'>,
  leases: Pick<Leases, 'all'>,
  close: Commands['closeSession'],
  log: (line: string) => void,
) {
  /** Closed from here; the read models may not have that yet. */
  const closed = new Set<string>()

  const closeOf = async (box: string): Promise<number> => {
    let count = 0
    for (let after: { user: string; session: string } | undefined; ;) {
      const rows = await queries.sessionsOn(box, after, pageRows)
      const left = rows.filter(({ session }) => !closed.has(session))
      await Promise.all(
        left.map(async ({ user, session, device }) => {
          await close({ user, session, device, box }, 'box-lost')
          closed.add(session)
        }),
      )
      count += left.length
      after = rows.at(-1)
      if (rows.length < pageRows) return count
    }
  }

  /** Who has sessions is asked before who is there: a box has its lease before its first session. */
  return async (): Promise<void> => {
    const having = await queries.boxesHavingSessions()
    const there = new Set((await leases.all()).map(({ box }) => box))
    const lost = having.filter(box => !there.has(box))
    if (lost.length === 0) closed.clear()
    for (const box of lost) {
      const count = await closeOf(box)
      if (count > 0) log(`box ${box} is gone: ${count} of its sessions were closed`)
    }
  }
}
