// Where a subscription is: what it reads next from the log, and what of a commit it takes when it is at the end.
import type { EventLog } from '../engine/event-log.ts'
import { positionAfter, positionOf, revisionOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import type { Filter } from '../engine/filter.ts'
import { isExpired } from '../engine/metadata.ts'
import type { StreamMetadata } from '../engine/metadata.ts'
import { TOMBSTONE } from '../engine/stream-heads.ts'
import { viewStream } from '../engine/stream-view.ts'
import type { Committed, Follower } from '../engine/tail.ts'
import type { From } from '../protocol/read-request.ts'
import { checkpoint } from '../protocol/responses.ts'
import { streamDeleted } from '../protocol/status.ts'
import type { CallFailed } from '../protocol/status.ts'
import { FIRST_POSITION } from '../storage/port.ts'
import type { PageLimit } from '../storage/port.ts'
import { checkPosition } from './positions.ts'
import type { Presentation } from './presentation.ts'

export interface Taken {
  frames: Buffer[]
  /** False: there is more than a page of it. The rest is to be read from the log. */
  whole: boolean
}

export interface Cursor {
  /** The next page's frames, maybe none of them wanted; undefined at the end of the log. */
  next(): Buffer[] | undefined
  /** What of this commit comes after the cursor, which it moves. */
  take(committed: Committed): Taken
  /** Whether there is anything to have caught up with: not so for a stream that is yet to be. */
  started(): boolean
  follow(follower: Follower): () => void
  /** Why nothing comes any more after what was given, where that is so. */
  over(): CallFailed | undefined
}

/**
 * What is sent to a subscriber at once, and so what one that stops reading leaves waiting in the node: a thousand of
 * those hold 64 MB. Larger pages catch up no faster (measured: 256 KiB).
 */
const PAGE: PageLimit = { events: 512, bytes: 64 * 1024 }

const openPage = () => {
  const frames: Buffer[] = []
  let bytes = 0
  return {
    add: (frame: Buffer): void => {
      frames.push(frame)
      bytes += frame.length
    },
    full: () => bytes >= PAGE.bytes,
    taken: (whole: boolean): Taken => ({ frames, whole }),
  }
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

  const consider = (records: readonly EventRecord[]): Taken => {
    const page = openPage()
    for (const record of records) {
      if (positionOf(record) < at) continue
      if (page.full()) return page.taken(false)
      at = positionAfter(record)
      if (!filter || filter(record)) page.add(shown.of(record))
      if (++considered < checkpointEvery) continue
      considered = 0
      page.add(checkpoint(positionOf(record)))
    }
    return page.taken(true)
  }

  return {
    next: () => {
      const page = log.storage.forward(at, PAGE)
      return page.length === 0 ? undefined : consider(page).frames
    },
    take: committed => {
      const { records, bytes } = committed
      if (filter || !shown.asStored || bytes > PAGE.bytes || positionOf(records[0]!) < at) return consider(records)
      at = positionAfter(records.at(-1)!)
      return { frames: [committed.frames()], whole: true }
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

  const consider = (records: readonly EventRecord[], metadata: StreamMetadata = {}): Taken => {
    const page = openPage()
    const now = Date.now()
    for (const record of records) {
      const revision = revisionOf(record)
      if (revision === TOMBSTONE) closed = true
      if (closed || revision < at) continue
      if (page.full()) return page.taken(false)
      at = revision + 1
      if (!isExpired(metadata, record, now)) page.add(shown.of(record))
    }
    return page.taken(true)
  }

  return {
    next: () => {
      const seen = view()
      if (seen.kind === 'missing') return undefined
      const { key, first, last, metadata } = seen
      const page = log.storage.streamForward(key, Math.max(at, first), last, PAGE)
      return page.length === 0 ? undefined : consider(page, metadata).frames
    },
    take: ({ records }) => consider(records),
    started: () => from === 'end' || viewStream(log.storage, stream).kind === 'found',
    follow: follower => log.tail.followStream(stream, follower),
    over: () => (closed ? streamDeleted(stream) : undefined),
  }
}
