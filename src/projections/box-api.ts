// What can be asked about boxes and who is on them; a part of api.ts.

/** A box that has sessions open, by the log. */
export interface BoxRow {
  readonly box: string
  readonly sessions: number
  readonly users: number
}

export interface OpenSessionRow {
  readonly user: string
  readonly session: string
  readonly device: string
  readonly openedAt: string
}

export interface BoxQueries {
  /** For operators, and for whoever closes the sessions of boxes that are gone. */
  boxesHavingSessions(): Promise<readonly string[]>
  boxesWithSessions(): Promise<readonly BoxRow[]>
  sessionsOn(
    box: string,
    after: { user: string; session: string } | undefined,
    limit: number,
  ): Promise<readonly OpenSessionRow[]>
}
