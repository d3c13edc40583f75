// What each process says to itself, to see how long it takes until it hears it. Stream `canary-sent`, of all processes. It concerns
// nobody: no person, no conversation, nothing that is counted.

export interface CanarySent {
  readonly type: 'CanarySent'
  readonly data: { readonly box: string; readonly at: string }
}

export type CanaryEvent = CanarySent
