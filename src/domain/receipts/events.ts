// How far each member has got a conversation, and read it. Stream `receipts-<conversation>`: watermarks, one per device.

interface Mark {
  readonly user: string
  readonly device: string
  /** Everything up to and including this seq. */
  readonly upTo: number
  readonly at: string
}

export interface MessagesDelivered {
  readonly type: 'MessagesDelivered'
  readonly data: Mark
}

/** What is read is delivered: this mark moves both. */
export interface MessagesRead {
  readonly type: 'MessagesRead'
  readonly data: Mark
}

export type ReceiptsEvent = MessagesDelivered | MessagesRead
