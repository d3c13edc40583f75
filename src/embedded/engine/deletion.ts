// The events that deleting a stream, and writing to it again, leave in the log: EventStoreDB's own.
import { randomUUID } from 'node:crypto'
import type { ProposedEvent } from './event-record.ts'
import { METADATA_TYPE } from './metadata.ts'
import type { StreamHead } from './stream-heads.ts'

const nothing = Buffer.alloc(0)

export const tombstoneEvent = (): ProposedEvent => ({
  id: randomUUID(),
  type: '$streamDeleted',
  isJson: false,
  data: nothing,
  metadata: nothing,
})

export const metadataEvent = (json: string): ProposedEvent => ({
  id: randomUUID(),
  type: METADATA_TYPE,
  isJson: true,
  data: Buffer.from(json),
  metadata: nothing,
})

/** The stream's other metadata is kept. 2^63-1 is written as text: no JavaScript number is it. */
export const deletedMetadata = ({ metadata = {} }: StreamHead): string => {
  const others = Object.entries(metadata).filter(([key]) => key !== '$tb')
  const fields = others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  return `{${[...fields, '"$tb":9223372036854775807'].join(',')}}`
}

export const restoredMetadata = ({ metadata, last }: StreamHead): string =>
  JSON.stringify({ ...metadata, $tb: last + 1 })
