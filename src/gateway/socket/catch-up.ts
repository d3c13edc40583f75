// What a session missed, a page at a time, as the frames it would have been pushed.
import type { Position } from '../../eventstore/index.ts'
import type { Change, Paged, Projections } from '../../projections/index.ts'
import { inTurns } from '../turns.ts'
import type { Fanout } from './fanout.ts'
import type { Frames } from './frames.ts'
import type { Outgoing } from './outbox.ts'

export interface Page {
  readonly frames: readonly Outgoing[]
  /** The position to go on after; undefined: that was all. */
  readonly next: Position | undefined
}

/** Both wait until the read models have got to `upTo`; they reject where that takes too long. */
export interface CatchUp {
  changes(user: string, after: Position, upTo: Position): Promise<Page>
  unacknowledged(user: string, after: Position, upTo: Position): Promise<Page>
}

/** How long the read models are waited for (milliseconds). */
const behindMs = 60_000

const nothing: Page = { frames: [], next: undefined }

export function createCatchUp(
  { queries, reached }: Pick<Projections, 'queries' | 'reached'>,
  fanout: Pick<Fanout, 'neverIn'>,
  frames: Frames,
  pageRows: number,
): CatchUp {
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
  const sizeOf = (change: Change): number =>
    change.what === 'message'
      ? (change.content?.box.length ?? 0)
      : change.what === 'amendment' && change.type === 'MessageEdited'
        ? change.data.content.box.length
        : 0

  const page = async (upTo: Position, read: () => Promise<Paged<Change>>): Promise<Page> => {
    if (!(await reached(upTo, behindMs))) throw new Error(`the read models did not get to position ${upTo} in time`)
    const { rows, more } = await read()
    return { frames: await inTurns(rows, sizeOf, frameOf), next: more ? rows.at(-1)!.position : undefined }
  }

  return {
    changes: (user, after, upTo) => page(upTo, () => queries.changes(user, after, upTo, pageRows)),
    unacknowledged: async (user, after, upTo) => {
      if (fanout.neverIn(user)) return nothing // `upTo` is never past the fan-out
      return page(upTo, async () => {
        const { rows, more } = await queries.unacknowledged(user, after, upTo, pageRows)
        return { rows: rows.map(row => ({ what: 'message' as const, ...row })), more }
      })
    },
  }
}
