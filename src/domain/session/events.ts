// When somebody was connected, with which device, to which box. Stream `session-<user>`.

export type SessionEnd =
  'closed-by-client' | 'closed-by-server' | 'connection-lost' | 'box-stopped' | 'box-lost' | 'signed-out'

interface Session {
  readonly user: string
  readonly session: string
  readonly device: string
  readonly box: string
  readonly at: string
}

export interface SessionOpened {
  readonly type: 'SessionOpened'
  readonly data: Session
}

export interface SessionClosed {
  readonly type: 'SessionClosed'
  readonly data: Session & { readonly why: SessionEnd }
}

export type SessionEvent = SessionOpened | SessionClosed
