// What readers see of a stream: whether it is there, and which of its revisions show.
import type { LogStorage } from '../storage/port.ts'
import { METASTREAM_METADATA, firstVisible, subjectOf } from './metadata.ts'
import type { StreamMetadata } from './metadata.ts'
import { TOMBSTONE, storedMetadata } from './stream-heads.ts'

export type StreamView =
  | { kind: 'missing' }
  /** Closed for good. */
  | { kind: 'deleted' }
  | { kind: 'found'; key: number; first: number; last: number; metadata: StreamMetadata }

export const viewStream = (storage: LogStorage, name: string): StreamView => {
  const subject = subjectOf(name)
  if (subject !== undefined && viewStream(storage, subject).kind === 'deleted') return { kind: 'deleted' }
  const key = storage.streamKey(name)
  if (key === undefined) return { kind: 'missing' }
  const last = storage.lastRevision(key)
  if (last === TOMBSTONE) return { kind: 'deleted' }
  const metadata = subject === undefined ? (storedMetadata(storage, name)?.understood ?? {}) : METASTREAM_METADATA
  if (metadata.deleted) return { kind: 'missing' }
  return { kind: 'found', key, first: firstVisible(metadata, last), last, metadata }
}
