// A stream's metadata, which is the last event of its `$$` stream: what of the stream readers still see.
import { WireReader } from '../protocol/wire-reader.ts'
import { FRAME_HEADER } from '../protocol/frames.ts'
import { createdOf, frameOf } from './event-record.ts'
import type { EventRecord } from './event-record.ts'

export const METADATA_TYPE = '$metadata'

export const metastreamOf = (stream: string): string => `$$${stream}`

/** The stream a metastream is about. */
export const subjectOf = (stream: string): string | undefined =>
  stream.startsWith('$$') && stream.length > 2 ? stream.slice(2) : undefined

export interface StreamMetadata {
  /** `$tb`: revisions below are not shown. */
  truncateBefore?: number
  /** `$maxCount` */
  maxCount?: number
  /** `$maxAge`, in seconds. */
  maxAge?: number
}

/** Deleting a stream truncates before 2^63-1, which a double cannot tell from its neighbours: anything so large is it. */
export const isSoftDeleted = (metadata: StreamMetadata): boolean =>
  (metadata.truncateBefore ?? 0) > Number.MAX_SAFE_INTEGER

/** What the store understands of metadata as written; anything odd hides nothing. */
export const metadataOf = (raw: Record<string, unknown>): StreamMetadata => {
  const metadata: StreamMetadata = {}
  if (isCount(raw.$tb)) metadata.truncateBefore = raw.$tb
  if (isCount(raw.$maxCount)) metadata.maxCount = raw.$maxCount
  if (isCount(raw.$maxAge)) metadata.maxAge = raw.$maxAge
  return metadata
}

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0

/** Empty where the bytes are not a JSON object. */
export const parseObject = (json: Buffer): Record<string, unknown> => {
  try {
    const parsed: unknown = JSON.parse(json.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

/** The first revision that readers see; beyond `last` where they see none. */
export const firstVisible = (metadata: StreamMetadata, last: number): number =>
  Math.max(0, metadata.truncateBefore ?? 0, metadata.maxCount === undefined ? 0 : last - metadata.maxCount + 1)

export const isExpired = (metadata: StreamMetadata, record: EventRecord, now: number): boolean =>
  metadata.maxAge !== undefined && createdOf(record) < now - metadata.maxAge * 1000

/** An event's data, out of the frame: for the few the store itself reads. */
export const dataOf = (record: EventRecord): Buffer => {
  const r = new WireReader(frameOf(record).subarray(FRAME_HEADER))
  enterField(r, 1) // ReadResp.event
  enterField(r, 1) // ReadEvent.event
  while (r.next()) {
    if (r.field === 8) return r.data()
    r.skip()
  }
  return Buffer.alloc(0)
}

const enterField = (r: WireReader, field: number): void => {
  while (r.next()) {
    if (r.field === field) {
      r.enter()
      return
    }
    r.skip()
  }
}
