// A position a client gives must be one of this log's: another store's would skip or repeat events without a word.
import type { EventLog } from '../engine/event-log.ts'
import { unknown } from '../protocol/status.ts'

/** EventStoreDB 23.10 answers UNKNOWN too. */
export const checkPosition = (log: EventLog, position: number): void => {
  if (position !== log.end() && !log.storage.holds(position)) throw unknown(`${position} is not a position of this log`)
}
