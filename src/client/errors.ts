// What a caller of the SDK has to tell apart: the server said no, the client is over, nobody answers, nothing can be kept.

/** The server's "no": its code from the closed list (docs/refusals.md), and when asking again may help. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string
  readonly retryAfterMs?: number
  /** The HTTP status, where the answer came over HTTP. */
  readonly status?: number

  constructor(code: string, message: string, more: { retryAfterMs?: number | undefined; status?: number } = {}) {
    super(message)
    this.code = code
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs
    if (more.status !== undefined) this.status = more.status
  }
}

/** The connection has ended for good: closed here, or the server said not to come back. */
export class Closed extends Error {
  override readonly name = 'Closed'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Nobody answered: no server there, or the way to it is broken. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** The storage cannot keep it: it is full, gone, or not this client's. It was not said. */
export class NotKept extends Error {
  override readonly name = 'NotKept'

  constructor(cause: unknown) {
    super(`it could not be kept, and was not said: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}
