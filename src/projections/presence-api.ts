// What can be asked about who is online; a part of api.ts.
import type { Audience } from '../domain/index.ts'

export interface PresenceRow {
  readonly user: string
  readonly lastSeen: string | null
  /** Sessions open, by the log. */
  readonly sessions: readonly string[]
}

/** Whether somebody may see somebody's presence, and whom that person lets see it. */
export interface SightRow {
  readonly viewer: string
  readonly user: string
  readonly audience: Audience
  readonly sees: boolean
}

export interface PresenceQueries {
  presence(users: readonly string[]): Promise<readonly PresenceRow[]>
  /** For each pair: whether the one may see the other's presence. */
  sight(pairs: readonly { viewer: string; user: string }[]): Promise<readonly SightRow[]>
}
