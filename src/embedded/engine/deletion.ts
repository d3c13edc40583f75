// The events that deleting a stream, and writing to it again, leave in the log: EventStoreDB's own.
import { randomUUID } from 'node:crypto'
import type { ProposedEvent } from './event-record.ts'
import { jsonOf, membersOf } from './json-members.ts'
import { METADATA_TYPE } from './metadata.ts'
import type { WrittenMetadata } from './metadata.ts'

const nothing = Buffer.alloc(0)

export const tombstoneEvent = (): ProposedEvent => ({
  id: randomUUID(),
  type: '$streamDeleted',
  isJson: false,
  data: nothing,
  metadata: nothing,
})

const metadataEvent = (json: string): ProposedEvent => ({
  id: randomUUID(),
  type: METADATA_TYPE,
  isJson: true,
  data: Buffer.from(json),
  metadata: nothing,
})

/** Nothing else stays of the metadata there was. */
export const deletionEvent = (): ProposedEvent => metadataEvent('{"$tb":9223372036854775807}')

/** Shows a deleted stream again from this revision on; undefined where the metadata is no JSON object to say so in. */
export const restorationEvent = ({ json }: WrittenMetadata, first: number): ProposedEvent | undefined => {
  const members = membersOf(json)
  return members && metadataEvent(jsonOf(members.set('$tb', String(first))))
}
