// What comes after a place, a piece at a time: what is unacknowledged, then what the read models have, then what is in memory.
import { refuse, type Refusal } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import type { Page } from '../socket/catch-up.ts'
import type { Outgoing } from '../socket/outbox.ts'
import type { PollParts } from './parts.ts'
import type { Place } from './place.ts'
import type { PollSession } from './session.ts'

/** Bytes of frames that one answer has, or one frame. */
const answerBytes = 1024 * 1024

export interface Piece {
  readonly frames: readonly Outgoing[]
  readonly next: Omit<Place, 'told'>
  /** Whether there may be more after it already. */
  readonly more: boolean
}

type Parts = Pick<PollParts, 'catchUp' | 'fanout' | 'projections' | 'settings'>

export async function missed(parts: Parts, session: PollSession, place: Omit<Place, 'told'>): Promise<Piece | Refusal> {
  const { catchUp, fanout, projections, settings } = parts
  const { position, unacknowledged } = place
  const read = async (upTo: Position, load: () => Promise<Page>): Promise<Page | Refusal> =>
    (await projections.reached(upTo, settings.atLeastMs)) ? cut(await load()) : refuse('behind', undefined, 1000)

  if (unacknowledged) {
    const { after } = unacknowledged
    session.toldAll = true
    const page = await read(position, () => catchUp.unacknowledged(session.user, after, position))
    if ('refused' in page) return page
    const { frames, next } = page
    if (next === undefined) return { frames, next: { position }, more: true }
    return { frames, next: { position, unacknowledged: { after: next } }, more: true }
  }

  const { floor } = session.held
  if (position < floor) {
    const page = await read(floor, () => catchUp.changes(session.user, position, floor))
    if ('refused' in page) return page
    return { frames: page.frames, next: { position: page.next ?? floor }, more: true }
  }

  if (session.over) return { frames: [], next: place, more: false } // what it held is gone: its next session has it
  session.held.forget(position)
  session.caughtUp()
  const head = Math.max(position, fanout.position())
  const { frames, next } = cut({ frames: session.held.after(position), next: undefined })
  return { frames, next: { position: next ?? head }, more: next !== undefined }
}

/** As much of a page as one answer has. */
function cut({ frames, next }: Page): Page {
  let bytes = 0
  for (const [n, frame] of frames.entries()) {
    if (n > 0 && bytes + frame.size > answerBytes) return { frames: frames.slice(0, n), next: frames[n - 1]!.position! }
    bytes += frame.size
  }
  return { frames, next }
}
