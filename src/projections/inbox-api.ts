// What can be asked about everybody's inbox; a part of api.ts.
import type { Position } from '../eventstore/index.ts'

/** The conversations of a person in the order of their inbox, and what is unread in each. */
export interface InboxLine {
  readonly conversation: string
  readonly unread: number
}

/** So many conversations of an inbox, after the place of another one. Left out: all, from the first. */
export interface InboxPage {
  readonly limit?: number | undefined
  readonly after?: Position | undefined
}

export interface Inboxes {
  /** Up to here the log is folded. */
  readonly position: Position
  readonly of: ReadonlyMap<string, readonly InboxLine[]>
}

export interface InboxQueries {
  /** For operators: everybody's. As many questions as there are people, in one transaction that holds nobody up. */
  inboxes(): Promise<Inboxes>
}
