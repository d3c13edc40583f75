// What commands need to know that is not in memory: asked of the read side, for many at once.
import type { Position } from '../eventstore/index.ts'
import type { Retention, Role } from '../domain/index.ts'

/** A conversation as the read models have it: all its events up to and including `seq` are in. */
export interface ConversationSnapshot {
  readonly conversation: string
  readonly seq: number
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly memberLimit: number
  readonly delivered: boolean
  readonly retention: Retention
  readonly members: readonly { readonly user: string; readonly role: Role }[]
  readonly former: readonly string[]
  readonly imported: readonly { readonly source: string; readonly upToLine: number }[]
}

/** The answer that a message got. */
export interface SentMessage {
  readonly id: string
  readonly conversation: string
  readonly seq: number
  readonly from: string
  readonly at: string
  readonly position: Position
}

export interface DeviceMarks {
  readonly conversation: string
  readonly user: string
  readonly device: string
  readonly delivered: number
  readonly read: number
}

/** The read side. Each question is one query, however many are asked about; what is not found is left out. */
export interface ReadSide {
  conversations(ids: readonly string[]): Promise<readonly ConversationSnapshot[]>
  /** Messages by their ids, wherever they are; the earliest, should there be two. */
  messages(ids: readonly string[]): Promise<readonly SentMessage[]>
  marks(of: readonly { conversation: string; user: string; device: string }[]): Promise<readonly DeviceMarks[]>
  /** How far the read models are: every event up to here is in. */
  position(): Position
}
