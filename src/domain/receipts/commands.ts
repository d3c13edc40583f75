// What can be asked of the receipts of a conversation.

interface Mark {
  readonly user: string
  readonly device: string
  /** A seq of the conversation, inclusive. */
  readonly upTo: number
  /** The conversation's last seq, as far as known. */
  readonly end: number
  readonly at: string
}

export interface MarkDelivered extends Mark {
  readonly type: 'MarkDelivered'
}

export interface MarkRead extends Mark {
  readonly type: 'MarkRead'
}

export type ReceiptsCommand = MarkDelivered | MarkRead
