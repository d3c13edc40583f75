// That somebody is known here, and with which devices. Stream `user-<id>`.

export interface UserRegistered {
  readonly type: 'UserRegistered'
  readonly data: { readonly user: string; readonly at: string }
}

export interface DeviceLinked {
  readonly type: 'DeviceLinked'
  readonly data: { readonly user: string; readonly device: string; readonly at: string }
}

export type UserEvent = UserRegistered | DeviceLinked
