// What a caller of the SDK has to tell apart: the server said no, or the client is over.

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
