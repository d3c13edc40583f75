// What can be asked about what waits to be acknowledged; a part of api.ts.
import type { FailureReason } from '../domain/index.ts'
import type { Position } from '../eventstore/index.ts'

/** What one device of one member is known to have got. */
export interface MessageReceipt {
  readonly user: string
  readonly device: string
  readonly delivered: string | null
  readonly read: string | null
}

/** That a message was given up on for somebody. */
export interface MessageFailure {
  readonly user: string
  readonly reason: FailureReason
  readonly attempts: number
  readonly at: string
}

/** A message that somebody has not acknowledged, and that is to be given up on. */
export interface LateRow {
  readonly conversation: string
  readonly message: string
  readonly to: string
}

export interface DeliveryQueries {
  /** Those of these conversations that keep delivered marks. */
  keepingMarks(conversations: readonly string[]): Promise<readonly string[]>
  /** How far all devices of a member together have got a conversation; -1: not at all. */
  acknowledged(conversation: string, user: string): Promise<number>
  /**
   * Of the next messages after a position, those said at `until` or before, in `$all` order, up to `limit`: which members have
   * not acknowledged them. `examined`: up to here all were; `next`: when the first that is younger was said, where one is.
   */
  late(
    after: Position,
    until: string,
    limit: number,
  ): Promise<{ late: readonly LateRow[]; examined: Position; next: string | undefined }>
}
