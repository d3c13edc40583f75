// What a session missed, a page at a time, as the frames it would have been pushed.
import type { Position } from '../../eventstore/index.ts'
import type { Change, Queries } from '../../projections/index.ts'
import type { Frames } from './frames.ts'
import type { Outgoing } from './outbox.ts'

export interface Page {
  readonly frames: readonly Outgoing[]
  /** The position to go on after; undefined: that was all. */
  readonly next: Position | undefined
}

export interface CatchUp {
  changes(user: string, after: Position, upTo: Position): Promise<Page>
  /** `had`: how many this session has been given already. */
  unacknowledged(user: string, after: Position, upTo: Position, had: number): Promise<Page>
}

export function createCatchUp(queries: Queries, frames: Frames, pageRows: number): CatchUp {
  const frameOf = (change: Change): Outgoing => {
    switch (change.what) {
      case 'message':
        return frames.message(change)
      case 'receipt':
        return frames.receipt(change)
      case 'member':
        return frames.member(change)
      case 'amendment':
        return frames.amendment(change)
    }
  }
  return {
    async changes(user, after, upTo) {
      const rows = await queries.changes(user, after, upTo, pageRows)
      return { frames: rows.map(frameOf), next: rows.length < pageRows ? undefined : rows.at(-1)!.position }
    },

    // the query always begins with the oldest, so what was had is asked for again: twice as much each time, to stay linear
    async unacknowledged(user, after, upTo, had) {
      const most = pageRows + 2 * had
      const rows = await queries.undelivered(user, upTo, most)
      const fresh = rows.filter(({ position }) => position > after)
      return { frames: fresh.map(frames.message), next: rows.length < most ? undefined : rows.at(-1)!.position }
    },
  }
}
