// Where each stream stands for its next writer, what is not yet on disk included. Bounded: the log knows the rest.
import { LONG_MAX } from '../../wire/writer.ts'
import type { LogStorage } from '../storage/port.ts'
import { NO_STREAM } from './expected.ts'
import type { StreamState } from './expected.ts'
import { contentOf, metastreamOf, subjectOf, writtenMetadata } from './metadata.ts'
import type { WrittenMetadata } from './metadata.ts'

/** A tombstone's revision, and so the last one of a stream that was closed for good. */
export const TOMBSTONE = LONG_MAX

export interface StreamHead {
  name: string
  nameBytes: Buffer
  /** The stream's key in storage, once it has an event. */
  key: number | undefined
  last: number
  /** Its metadata, where there is any. */
  metadata: WrittenMetadata | undefined
  /** Commits under way that touch it: until they are done only this memory knows. */
  pins: number
}

export interface StreamHeads {
  of(name: string): StreamHead
  trim(): void
}

export const streamHeads = (storage: LogStorage, capacity: number): StreamHeads => {
  const heads = new Map<string, StreamHead>()
  return {
    of: name => {
      const head = heads.get(name) ?? loadHead(storage, name)
      heads.delete(name) // the map's order is that of use
      heads.set(name, head)
      return head
    },
    trim: () => {
      for (const [name, head] of heads) {
        if (heads.size <= capacity) return
        if (head.pins === 0) heads.delete(name)
      }
    },
  }
}

const loadHead = (storage: LogStorage, name: string): StreamHead => {
  const key = storage.streamKey(name)
  return {
    name,
    nameBytes: Buffer.from(name),
    key,
    last: key === undefined ? NO_STREAM : storage.lastRevision(key),
    metadata: storedMetadata(storage, name),
    pins: 0,
  }
}

/** A stream's metadata, out of the last event of its metastream. */
export const storedMetadata = (storage: LogStorage, name: string): WrittenMetadata | undefined => {
  const key = storage.streamKey(metastreamOf(name))
  const event = key === undefined ? undefined : storage.eventAt(key, storage.lastRevision(key))
  return event && writtenMetadata(contentOf(event))
}

/** A metastream is closed with its stream: `heads` is asked for that too. */
export const stateOf = (head: StreamHead, heads: StreamHeads): StreamState => {
  const subject = subjectOf(head.name)
  return {
    last: head.last,
    deleted: head.last === TOMBSTONE || (subject !== undefined && heads.of(subject).last === TOMBSTONE),
    softDeleted: subject === undefined && head.metadata?.understood.deleted === true,
    hasMetadata: head.metadata !== undefined,
  }
}
