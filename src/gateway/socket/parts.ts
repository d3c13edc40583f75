// What all sockets of a box share.
import type { Commands } from '../../commands/index.ts'
import type { Counts } from '../counts.ts'
import type { Load } from '../load/load.ts'
import type { Position } from '../../eventstore/index.ts'
import type { GatewaySettings, Log } from '../settings.ts'
import type { Timers } from '../timers.ts'
import type { Answers } from './answers.ts'
import type { CatchUp } from './catch-up.ts'
import type { Cursors } from './cursor.ts'
import type { Fanout } from './fanout.ts'
import type { Logins } from './logins.ts'
import type { Outgoing } from './outbox.ts'
import type { Presence } from './presence.ts'
import type { Redelivery } from './redelivery.ts'
import type { Rounds } from './rounds.ts'
import type { Table } from './session.ts'
import type { Ticks } from './writer.ts'

export interface SocketParts {
  readonly commands: Commands
  readonly fanout: Fanout
  readonly logins: Logins
  readonly presence: Presence
  readonly redelivery: Redelivery
  readonly catchUp: CatchUp
  readonly answers: Answers
  readonly cursors: Cursors
  readonly table: Table
  readonly ticks: Ticks
  readonly load: Load
  readonly counts: Counts
  readonly timers: Timers
  readonly settings: GatewaySettings
  readonly box: string
  readonly epoch: string
  readonly log: Log
}

/** What the sockets of a box share, and what comes to all of their sessions in turns. */
export interface SessionParts<Connection> extends SocketParts {
  readonly settling: Rounds<Connection>
  readonly beats: Rounds<Connection>
  /** The frame that tells a head: one for all that are told the same. */
  readonly headFrame: (position: Position) => Outgoing
  /** The log has been told of the session's end. */
  readonly ended: (connection: Connection) => void
}
