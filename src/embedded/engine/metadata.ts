// A stream's metadata, which is the last event of its `$$` stream: what of the stream readers still see.
import { WireReader } from '../../wire/reader.ts'
import { FRAME_HEADER } from '../../wire/frames.ts'
import { createdOf, frameOf } from './event-record.ts'
import type { EventRecord } from './event-record.ts'
import { membersOf } from './json-members.ts'

export const METADATA_TYPE = '$metadata'

export const metastreamOf = (stream: string): string => `$$${stream}`

/** The stream a metastream is about. */
export const subjectOf = (stream: string): string | undefined =>
  stream.startsWith('$$') && stream.length > 2 ? stream.slice(2) : undefined

export interface StreamMetadata {
  /** `$tb`: revisions below are not shown. */
  truncateBefore?: number
  /** `$tb` is 2^63-1, the last revision there can be: the stream is deleted, in the way that lets it be written again. */
  deleted?: boolean
  /** `$maxCount` */
  maxCount?: number
  /** `$maxAge`, in seconds. */
  maxAge?: number
}

/** Nobody sets a metastream's metadata: its last event is what counts, and all that shows. */
export const METASTREAM_METADATA: StreamMetadata = { maxCount: 1 }

/** Metadata as an event holds it, and what the store understands of it. */
export interface WrittenMetadata {
  json: string
  understood: StreamMetadata
}

interface Content {
  isJson: boolean
  data: Buffer
}

export const writtenMetadata = ({ isJson, data }: Content): WrittenMetadata => {
  const json = data.toString('utf8')
  return { json, understood: isJson ? understand(json) : {} }
}

const LAST_REVISION = 2n ** 63n - 1n

/** As EventStoreDB reads it: what is not positive hides nothing, and one value that is no whole number spoils them all. */
const understand = (json: string): StreamMetadata => {
  const members = membersOf(json)
  const numbers: Record<string, bigint | undefined> = {}
  for (const name of ['$tb', '$maxCount', '$maxAge', '$cacheControl']) {
    const value = members?.get(name)
    if (value === undefined) continue
    if (!/^-?\d+$/.test(value) || BigInt(value) > LAST_REVISION) return {}
    numbers[name] = BigInt(value)
  }
  const { $tb = -1n, $maxCount = 0n, $maxAge = 0n } = numbers
  return {
    ...($tb >= 0n && { truncateBefore: Number($tb), deleted: $tb === LAST_REVISION }),
    ...($maxCount > 0n && { maxCount: Number($maxCount) }),
    ...($maxAge > 0n && { maxAge: Number($maxAge) }),
  }
}

/** The first revision that readers see; beyond `last` where they see none. */
export const firstVisible = (metadata: StreamMetadata, last: number): number =>
  Math.max(0, metadata.truncateBefore ?? 0, metadata.maxCount === undefined ? 0 : last - metadata.maxCount + 1)

export const isExpired = (metadata: StreamMetadata, record: EventRecord, now: number): boolean =>
  metadata.maxAge !== undefined && createdOf(record) < now - metadata.maxAge * 1000

const JSON_CONTENT = Buffer.from('\x0a\x0ccontent-type\x12\x10application/json', 'latin1')

/** An event's data, and whether it is JSON, out of the frame: for the few the store itself reads. */
export const contentOf = (record: EventRecord): Content => {
  const content: Content = { isJson: false, data: Buffer.alloc(0) }
  const r = new WireReader(frameOf(record).subarray(FRAME_HEADER))
  enterField(r, 1) // ReadResp.event
  enterField(r, 1) // ReadEvent.event
  while (r.next()) {
    if (r.field === 6) content.isJson = r.data().equals(JSON_CONTENT) || content.isJson
    else if (r.field === 8) content.data = r.data()
    else r.skip()
  }
  return content
}

export const dataOf = (record: EventRecord): Buffer => contentOf(record).data

const enterField = (r: WireReader, field: number): void => {
  while (r.next()) {
    if (r.field === field) {
      r.enter()
      return
    }
    r.skip()
  }
}
