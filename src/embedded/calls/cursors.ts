// Where a subscription is: what it reads next from the log, and what of a commit it takes when it is at the end.
import type { EventLog } from '../engine/event-log.ts'
import { positionAfter, positionOf, revisionOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import type { Filter } from '../engine/filter.ts'
import { isExpired } from '../engine/metadata.ts'
import { TOMBSTONE } from '../engine/stream-heads.ts'
import { viewStream } from '../engine/stream-view.ts'
import type { Committed, Follower } from '../engine/tail.ts'
import type { From } from '../protocol/read-request.ts'
import { checkpoint } from '../protocol/responses.ts'
import { streamDeleted } from '../protocol/status.ts'
import type { CallFailed } from '../protocol/status.ts'
import { FIRST_POSITION } from '../storage/port.ts'
import { PAGE } from './pages.ts'
import { checkPosition } from './positions.ts'
import type { Presentation } from './presentation.ts'

export interface Cursor {
  /** The next page's frames, maybe none of them wanted; undefined at the end of the log. */
  next(): Buffer[] | undefined
  /** What of this commit comes after the cursor, which it moves. */
  take(committed: Committed): Buffer[]
  /** Whether there is anything to have caught up with: not so for a stream that is yet to be. */
  started(): boolean
  follow(follower: Follower): () => void
  /** Why nothing comes any more after what was given, where that is so. */
  over(): CallFailed | undefined
}

interface AllFrom {
  from: From
  filter: Filter | undefined
  checkpointEvery: number
}

export const allCursor = (log: EventLog, { from, filter, checkpointEvery }: AllFrom, shown: Presentation): Cursor => {
  let at = from === 'start' ? FIRST_POSITION : from === 'end' ? log.end() : from
  let considered = 0
  if (typeof from === 'number') {
    checkPosition(log, from)
    const [record] = log.storage.forward(from, { events: 1, bytes: 1 })
    if (record) at = positionAfter(record) // a subscription begins after the position it is given
  }

  const consider = (records: readonly EventRecord[]): Buffer[] => {
    const frames: Buffer[] = []
    for (const record of records) {
      if (positionOf(record) < at) continue
      at = positionAfter(record)
      if (!filter || filter(record)) frames.push(shown.of(record))
      if (++considered < checkpointEvery) continue
      considered = 0
      frames.push(checkpoint(positionOf(record)))
    }
    return frames
  }

  return {
    next: () => {
      const page = log.storage.forward(at, PAGE)
      return page.length === 0 ? undefined : consider(page)
    },
    take: committed => {
      const { records } = committed
      if (filter || !shown.asStored || positionOf(records[0]!) < at) return consider(records)
      at = positionAfter(records.at(-1)!)
      return [committed.frames()]
    },
    started: () => true,
    follow: follower => log.tail.followAll(follower),
    over: () => undefined,
  }
}

export const streamCursor = (
  log: EventLog,
  { stream, from }: { stream: string; from: From },
  shown: Presentation,
): Cursor => {
  const view = () => {
    const seen = viewStream(log.storage, stream)
    if (seen.kind === 'deleted') throw streamDeleted(stream)
    return seen
  }
  const initial = view()
  const end = initial.kind === 'found' ? initial.last + 1 : 0
  let at = from === 'start' ? 0 : from === 'end' ? end : from + 1
  let closed = false

  const consider = (records: readonly EventRecord[]): Buffer[] => {
    const frames: Buffer[] = []
    for (const record of records) {
      const revision = revisionOf(record)
      if (revision === TOMBSTONE) closed = true
      if (closed || revision < at) continue
      at = revision + 1
      frames.push(shown.of(record))
    }
    return frames
  }

  return {
    next: () => {
      const seen = view()
      if (seen.kind === 'missing') return undefined
      const { key, first, last, metadata } = seen
      const page = log.storage.streamForward(key, Math.max(at, first), last, PAGE)
      if (page.length === 0) return undefined
      const now = Date.now()
      const frames = consider(page.filter(record => !isExpired(metadata, record, now)))
      at = Math.max(at, revisionOf(page.at(-1)!) + 1)
      return frames
    },
    take: ({ records }) => consider(records),
    started: () => from === 'end' || viewStream(log.storage, stream).kind === 'found',
    follow: follower => log.tail.followStream(stream, follower),
    over: () => (closed ? streamDeleted(stream) : undefined),
  }
}
