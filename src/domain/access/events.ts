// Who looked at the record, beyond what their own chats show. Stream `access-<auditor>`. Looking is not decided, only told.

export interface RecordAccessed {
  readonly type: 'RecordAccessed'
  readonly data: {
    readonly auditor: string
    readonly call: string
    readonly conversation: string | null
    readonly at: string
  }
}

export type AccessEvent = RecordAccessed
