// What an append must be before the engine sees it: names that fit, and no more data than the server takes.
import { LONGEST_NAME, LONGEST_TYPE } from '../engine/event-record.ts'
import type { ProposedEvent } from '../engine/event-record.ts'
import { invalidArgument } from '../protocol/status.ts'

/** EventStoreDB's default. Like 23.10 it counts data alone, for metadata and type its sum leaves out. */
export const MAX_APPEND_SIZE = 1024 * 1024

export const sizeOf = (events: readonly ProposedEvent[]): number =>
  events.reduce((sum, event) => sum + event.data.length, 0)

export const checkStreamName = (stream: string): void => {
  if (stream === '') throw invalidArgument('A stream name is needed')
  if (stream === '$all') throw invalidArgument('$all cannot be written to')
  if (Buffer.byteLength(stream) > LONGEST_NAME)
    throw invalidArgument(`A stream name has at most ${LONGEST_NAME} bytes in the embedded store`)
}

export const checkEvents = (events: readonly ProposedEvent[]): void => {
  for (const event of events)
    if (Buffer.byteLength(event.type) > LONGEST_TYPE)
      throw invalidArgument(`An event type has at most ${LONGEST_TYPE} bytes in the embedded store`)
}
