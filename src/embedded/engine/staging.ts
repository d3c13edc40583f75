// What writers know ahead of the disk: each stream's head, the ids lately stored, and where the log will end.
import type { Entry, LogStorage } from '../storage/port.ts'
import { encodeEvent, idOf, positionAfter, positionOf } from './event-record.ts'
import type { ProposedEvent } from './event-record.ts'
import type { KnownIds } from './expected.ts'
import { subjectOf, writtenMetadata } from './metadata.ts'
import { recentIds } from './recent-ids.ts'
import { streamHeads } from './stream-heads.ts'
import type { StreamHead, StreamHeads } from './stream-heads.ts'

export interface Staging {
  heads: StreamHeads
  /** Gives the event its place: from here on memory counts it as stored. */
  stage(head: StreamHead, event: ProposedEvent, revision?: number): Entry
  /** These are on disk: memory may forget them. Returns where the durable log ends now. */
  settle(entries: readonly Entry[]): number
  knownIds(head: StreamHead): KnownIds
  /** The position of an event known to be stored, by its id where that is remembered. */
  positionOf(head: StreamHead, id: string, revision: number): number | undefined
}

/** EventStoreDB's cache holds 16 MiB of ids; a hundred thousand are about as much. */
const IDS_KEPT = 100_000
const HEADS_KEPT = 50_000

export const openStaging = (storage: LogStorage, now: () => number): Staging => {
  let end = storage.end()
  const heads = streamHeads(storage, HEADS_KEPT)
  const ids = recentIds(IDS_KEPT)
  /** The heads of what is on its way, as staged: commits complete in that order. */
  const pinned: (readonly StreamHead[])[] = []
  const stored = (head: StreamHead, revision: number) =>
    head.key === undefined ? undefined : storage.eventAt(head.key, revision)

  return {
    heads,
    stage: (head, event, revision = head.last + 1) => {
      const position = end
      const record = encodeEvent(event, head.nameBytes, revision, position, now())
      const opens = head.key === undefined ? { opens: head.name } : {}
      head.key ??= position
      head.last = revision
      end += record.length
      ids.add(head.name, event.id, { revision, position })
      const touched = [head]
      const subject = subjectOf(head.name)
      if (subject !== undefined) {
        const about = heads.of(subject)
        about.metadata = writtenMetadata(event)
        touched.push(about)
      }
      const entry: Entry = { record, position, stream: head.key, revision, ...opens }
      for (const each of touched) each.pins++
      pinned.push(touched)
      return entry
    },
    settle: entries => {
      for (const touched of pinned.splice(0, entries.length)) for (const head of touched) head.pins--
      const durable = positionAfter(entries.at(-1)!.record)
      ids.trim(durable)
      heads.trim()
      return durable
    },
    knownIds: head => ({
      recent: id => ids.find(head.name, id)?.revision,
      at: revision => {
        const record = stored(head, revision)
        return record && idOf(record)
      },
    }),
    positionOf: (head, id, revision) => {
      const known = ids.find(head.name, id)
      if (known?.revision === revision) return known.position
      const record = stored(head, revision)
      return record && positionOf(record)
    },
  }
}
