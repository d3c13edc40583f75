// Counted reads as pages of frames: of $all or one stream, forwards or backwards. Where the log ended at first, they end.
import type { EventLog } from '../engine/event-log.ts'
import { positionAfter, positionOf, revisionOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import type { Filter } from '../engine/filter.ts'
import { isExpired } from '../engine/metadata.ts'
import type { StreamView } from '../engine/stream-view.ts'
import type { From } from '../protocol/read-request.ts'
import { FIRST_POSITION } from '../storage/port.ts'
import type { LogStorage, PageLimit } from '../storage/port.ts'
import { checkPosition } from './positions.ts'

export type Pages = Iterator<Buffer[], undefined>

/** One page: a millisecond or two of reading, and a few of the client's windows. */
const PAGE: PageLimit = { events: 512, bytes: 256 * 1024 }

interface AllRead {
  from: From
  backwards: boolean
  count: number
  filter: Filter | undefined
}

export function* allPages(log: EventLog, read: AllRead, show: (record: EventRecord) => Buffer): Pages {
  const { backwards, filter } = read
  const end = log.end()
  let at = startOf(read.from, FIRST_POSITION, end)
  if (typeof read.from === 'number') checkPosition(log, at)
  let left = read.count
  while (left > 0) {
    // forwards a position is the event's own, backwards it is where the event before it ends: that one comes first
    const limit = filter ? PAGE : { ...PAGE, events: Math.min(PAGE.events, left) }
    const page = backwards ? log.storage.backward(at, limit) : log.storage.forward(at, limit)
    const last = page.at(-1)
    if (!last) return
    at = backwards ? positionOf(last) : positionAfter(last)
    const inside = backwards ? page : page.filter(record => positionOf(record) < end)
    const wanted = filter ? inside.filter(filter).slice(0, left) : inside
    left -= wanted.length
    yield wanted.map(show)
    if (!backwards && at >= end) return
  }
}

interface StreamRead {
  from: From
  backwards: boolean
  count: number
}

type FoundStream = Extract<StreamView, { kind: 'found' }>

export function* streamPages(
  storage: LogStorage,
  { key, first, last, metadata }: FoundStream,
  { from, backwards, count }: StreamRead,
  show: (record: EventRecord) => Buffer,
): Pages {
  const now = Date.now()
  let left = count
  // the start is revision 0 even where that is hidden: backwards from it there is nothing then
  let at = backwards ? Math.min(last, startOf(from, 0, last)) : Math.max(first, startOf(from, 0, last + 1))
  while (left > 0 && at >= first && at <= last) {
    const limit = { ...PAGE, events: Math.min(PAGE.events, left) }
    const page = backwards ? storage.streamBackward(key, at, first, limit) : storage.streamForward(key, at, last, limit)
    const furthest = page.at(-1)
    if (!furthest) return
    at = revisionOf(furthest) + (backwards ? -1 : 1)
    const wanted = page.filter(record => !isExpired(metadata, record, now))
    left -= wanted.length
    yield wanted.map(show)
  }
}

const startOf = (from: From, start: number, end: number): number =>
  from === 'start' ? start : from === 'end' ? end : from
