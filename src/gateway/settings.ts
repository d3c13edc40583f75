// What can be set about the gateway, and what holds where nothing is said.
import { usualPace, usualThresholds } from './load/levels.ts'
import type { LoadSettings } from './load/load.ts'
import { minTtl, reactionBytes, type Limits } from './socket/protocol.ts'

export interface GatewaySettings {
  /** Whether `POST /v1/dev/tokens` gives a token to whoever asks. */
  readonly devTokens: boolean
  /** How recent user-made activity counts as online. */
  readonly onlineWindowMs: number
  /** How often a message is pushed to who does not acknowledge it, and after how long the second time; then twice as long each time. */
  readonly deliveryAttempts: number
  readonly deliveryBackoffMs: number
  readonly limits: Limits
  /** How long a new session may take to say `resume` before it is taken for one that does not. */
  readonly settleMs: number
  /** How often a live session is told the head; every sixth time it is also asked whether it is still there. */
  readonly headMs: number
  /** What may wait for one reader, in its outbox and its socket, before it is asked to come back. */
  readonly outboxBytes: number
  /** Frames of one socket that may be without an answer before no more are read. */
  readonly unanswered: number
  /** How long the session of a device that polls lasts after its last request. */
  readonly pollIdleMs: number
  /** Rows of one page of a resume. */
  readonly resumePage: number
  /** How long `?atLeast=` waits. */
  readonly atLeastMs: number
  /** How long sockets have to answer the close when the box stops. */
  readonly stopMs: number
  /** New sessions a second. */
  readonly admissionRate: number
  readonly load: LoadSettings
}

const mediaBytes = 20 * 1024 * 1024

export const defaults: GatewaySettings = {
  devTokens: false,
  onlineWindowMs: 10_000,
  deliveryAttempts: 20,
  deliveryBackoffMs: 1000,
  limits: {
    members: 1024,
    bodyBytes: 65_536,
    frameBytes: 131_072,
    mediaBytes,
    framesPerRequest: 100,
    pageSize: 1000,
    watch: 1000,
    reactionBytes,
    minTtl,
  },
  settleMs: 1000,
  headMs: 5000,
  outboxBytes: 4 * 1024 * 1024,
  unanswered: 256,
  pollIdleMs: 60_000,
  resumePage: 250,
  atLeastMs: 5000,
  stopMs: 1000,
  admissionRate: 2000,
  load: { thresholds: usualThresholds, pace: usualPace, lookMs: 100, mostWaitMs: 500 },
}

/** Where the gateway says what went wrong; pino's loggers fit. Never with content, of persons only their user ids. */
export interface Log {
  warn(what: object, message: string): void
  error(what: object, message: string): void
}
