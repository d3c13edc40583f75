// What can be asked of a person's sessions.
import type { SessionEnd } from './events.ts'

interface Session {
  readonly user: string
  readonly session: string
  readonly device: string
  readonly box: string
  readonly at: string
}

export interface OpenSession extends Session {
  readonly type: 'OpenSession'
}

export interface CloseSession extends Session {
  readonly type: 'CloseSession'
  readonly why: SessionEnd
}

export type SessionCommand = OpenSession | CloseSession
