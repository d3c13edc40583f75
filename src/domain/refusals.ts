// The one closed list of reasons why something asked for does not happen. docs/refusals.md explains each.

export const refusalCodes = [
  'bad-frame',
  'bad-request',
  'unauthorized',
  'wrong-role',
  'not-found',
  'wrong-method',
  'wrong-type',
  'too-large',
  'unknown-conversation',
  'unknown-message',
  'unknown-media',
  'not-a-member',
  'not-allowed',
  'conversation-exists',
  'group-is-full',
  'beyond-the-end',
  'id-taken',
  'blocked',
  'behind',
  'busy',
  'internal',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/** A "no" that is an answer. Faults are exceptions; refusals are values. */
export interface Refusal {
  readonly refused: RefusalCode
  /** What was found and what would be accepted, where the code alone does not say it. */
  readonly because?: string
  /** When asking again may help, in milliseconds. */
  readonly retryAfterMs?: number
}

export const refuse = (refused: RefusalCode, because?: string, retryAfterMs?: number): Refusal => ({
  refused,
  ...(because === undefined ? {} : { because }),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
})

/** Tells a refusal from any answer. */
export const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'refused' in answer
