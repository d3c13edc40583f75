// A position a client gives must be one of this log's: another store's would skip or repeat events without a word.
import type { EventLog } from '../engine/event-log.ts'
import { positionOf } from '../engine/event-record.ts'
import { unknown } from '../protocol/status.ts'

/** EventStoreDB 23.10 answers UNKNOWN too. */
export const checkPosition = (log: EventLog, position: number): void => {
  if (position === log.end()) return
  const [record] = log.storage.forward(position, { events: 1, bytes: 1 })
  if (!record || positionOf(record) !== position) throw unknown(`${position} is not a position of this log`)
}
