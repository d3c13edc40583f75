// What can be asked of a person's activity.

export interface RecordActivity {
  readonly type: 'RecordActivity'
  readonly user: string
  readonly at: string
}

export type ActivityCommand = RecordActivity
