// What can be asked about messages whose time is limited; a part of api.ts.

/** Of a conversation: messages, and images they name, of given content keys; and messages that have their time still. */
export interface ExpiringRow {
  readonly conversation: string
  readonly messages: number
  readonly images: number
  readonly keptMessages: number
}

export interface ExpiringQueries {
  /** Where there is anything: what these content keys open, and what has its time still. */
  expiring(keys: readonly string[]): Promise<readonly ExpiringRow[]>
}
