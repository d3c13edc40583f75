// What can be asked of a person's account.

/** Somebody came with a good token: who is new is registered, a device that is new is linked. */
export interface Arrive {
  readonly type: 'Arrive'
  readonly user: string
  readonly device: string
  readonly at: string
}

export type UserCommand = Arrive
