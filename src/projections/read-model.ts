// What a read model is: tables, and what a batch of events does to them.
import type { Recorded, RecordedEvent } from '../eventstore/index.ts'
import type { Db } from './database.ts'
import type { Memory } from './memory.ts'

export interface ReadModel {
  readonly name: string
  /** Another version than the tables were made by: they are made again from the whole log. */
  readonly version: number
  /** `create table …`, names without schema. No column may depend on when or in which batches the events were folded. */
  readonly tables: string
  /** Folds a batch, in `$all` order, in the batch's transaction: a few statements, however many events. */
  fold(db: Db, events: readonly RecordedEvent[], memory: Memory): Promise<void>
}

/** The events of some types, in order. */
export const only = <T extends RecordedEvent['type']>(events: readonly RecordedEvent[], ...types: T[]): Recorded<T>[] =>
  events.filter(event => (types as string[]).includes(event.type)) as Recorded<T>[]
