// That somebody is known here, with which devices, whom they have blocked, and who may see when they were there.
// Stream `user-<id>`.

/** Who may see when somebody was last active, and whether they are online. Contacts: whoever shares a conversation. */
export type Audience = 'everyone' | 'contacts' | 'nobody'

export interface UserRegistered {
  readonly type: 'UserRegistered'
  readonly data: { readonly user: string; readonly at: string }
}

export interface DeviceLinked {
  readonly type: 'DeviceLinked'
  readonly data: { readonly user: string; readonly device: string; readonly at: string }
}

/** What was given to this device before no longer lets anybody in; a token issued later links it again. */
export interface DeviceSignedOut {
  readonly type: 'DeviceSignedOut'
  readonly data: { readonly user: string; readonly device: string; readonly at: string }
}

export interface UserBlocked {
  readonly type: 'UserBlocked'
  readonly data: { readonly user: string; readonly blocked: string; readonly at: string }
}

export interface UserUnblocked {
  readonly type: 'UserUnblocked'
  readonly data: { readonly user: string; readonly blocked: string; readonly at: string }
}

export interface PrivacyChanged {
  readonly type: 'PrivacyChanged'
  readonly data: { readonly user: string; readonly lastSeen: Audience; readonly at: string }
}

export type UserEvent = UserRegistered | DeviceLinked | DeviceSignedOut | UserBlocked | UserUnblocked | PrivacyChanged
