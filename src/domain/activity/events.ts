// When a person did something themselves. Stream `activity-<user>`, at most one event in five seconds.

export interface UserActive {
  readonly type: 'UserActive'
  readonly data: { readonly user: string; readonly at: string }
}

export type ActivityEvent = UserActive
