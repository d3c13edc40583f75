// What the handlers work with.
import type { Boxes } from '../../../boxes/index.ts'
import type { Commands } from '../../../commands/index.ts'
import type { EventStore, Keyring } from '../../../eventstore/index.ts'
import type { Media } from '../../../media/index.ts'
import type { Metrics } from '../../../metrics/index.ts'
import type { Finder, Projections } from '../../../projections/index.ts'
import type { GatewaySettings, Log } from '../../settings.ts'
import type { Cursors } from '../../socket/cursor.ts'
import type { Timers } from '../../timers.ts'
import type { Auth } from '../auth.ts'

export interface HandlerParts {
  readonly commands: Commands
  readonly projections: Projections
  readonly store: EventStore
  readonly keyring: Keyring
  /** Undefined: switched off. */
  readonly search: Finder | undefined
  readonly media: Pick<Media, 'take' | 'find'>
  readonly cursors: Cursors
  readonly auth: Auth
  readonly settings: GatewaySettings
  readonly timers: Timers
  readonly log: Log
  readonly metrics: Metrics
  readonly boxes: Pick<Boxes, 'all'>
  /** Why it cannot serve; nothing where it can. */
  readonly unready: () => Promise<readonly string[]>
}
