// What can be asked of a person's account.
import type { Audience } from './events.ts'

/** Somebody came with a good token: who is new is registered, a device that is new is linked. */
export interface Arrive {
  readonly type: 'Arrive'
  readonly user: string
  readonly device: string
  readonly at: string
}

/** A device that was signed out is there with a token that was issued since. */
export interface Return {
  readonly type: 'Return'
  readonly user: string
  readonly device: string
  readonly at: string
}

export interface SignOut {
  readonly type: 'SignOut'
  readonly user: string
  readonly device: string
  readonly at: string
}

/** `user` has nothing to do with `other` any more. */
export interface Block {
  readonly type: 'Block'
  readonly user: string
  readonly other: string
  readonly at: string
}

export interface Unblock {
  readonly type: 'Unblock'
  readonly user: string
  readonly other: string
  readonly at: string
}

export interface ChangePrivacy {
  readonly type: 'ChangePrivacy'
  readonly user: string
  readonly lastSeen: Audience
  readonly at: string
}

export type UserCommand = Arrive | Return | SignOut | Block | Unblock | ChangePrivacy
