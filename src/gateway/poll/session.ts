// The session of a device that polls: the fan-out hands it frames as it does a socket's, and they wait until they are fetched.
import { randomUUID } from 'node:crypto'
import type { SessionRef } from '../../commands/index.ts'
import type { SessionEnd } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import type { Identity } from '../http/auth.ts'
import type { Client } from '../socket/answers.ts'
import type { Receiver } from '../socket/fanout.ts'
import type { Outgoing } from '../socket/outbox.ts'
import { Held } from './held.ts'
import type { PollParts } from './parts.ts'
import { Told } from './told.ts'
import { Turn } from './turn.ts'

export class PollSession implements Receiver, Client {
  readonly session = randomUUID()
  readonly user: string
  readonly device: string
  readonly held: Held
  readonly told = new Told()
  /** Resolves when the log has the session and the fan-out too, to the position after which everything is handed over. */
  readonly ready: Promise<Position>
  /** Resolves when the log has been told of its end. */
  readonly ended: Promise<void>
  /** Whose newest token it was last used with. */
  bearer: Identity
  /** Whether a welcome has been given to the client, and up to which number it was given what is told. */
  welcomed = false
  given = 0
  /** Whether it is told all that waits for its user, instead of what it missed. */
  toldAll = false
  /** Frames whose answers are due. */
  unanswered = 0
  readonly #parts: PollParts
  readonly #recorded: Promise<void>
  readonly #over: (session: PollSession) => void
  #hasEnded!: () => void
  #why: SessionEnd | undefined
  #turn: Turn | undefined
  #current = false
  #requests = 0
  #until = 0
  #stopIdle: (() => void) | undefined
  #stopExpiry: (() => void) | undefined

  /** `over` hears as soon as it takes no more requests. */
  constructor(parts: PollParts, bearer: Identity, over: (session: PollSession) => void) {
    this.#parts = parts
    const { user, device } = bearer
    this.user = user
    this.device = device
    this.bearer = bearer
    this.held = new Held(parts.settings.outboxBytes)
    this.#over = over
    this.ended = new Promise(resolve => (this.#hasEnded = resolve))
    this.#recorded = parts.commands.openSession(this.#ref())
    this.ready = Promise.all([parts.logins.attach(this, this.#ref()), this.#recorded]).then(([base]) => {
      if (this.#why)
        parts.fanout.detach(this) // it ended before it was attached
      else this.held.forget(base)
      return base
    })
    this.ready.catch((error: unknown) => {
      parts.log.error({ error, user, session: this.session }, 'a session could not begin')
      this.end('closed-by-server')
    })
  }

  get idle(): boolean {
    return this.#current && !this.over && this.held.empty && this.told.empty
  }

  /** It has its old place in the log, so that no cursor brings it: it waits as what has none. */
  again(frame: Outgoing): void {
    this.tell(frame)
  }

  /** It has been told what it missed. */
  caughtUp(): void {
    if (this.#current || this.over) return
    this.#current = true
    this.#parts.redelivery.arrived(this.user, this.toldAll)
  }

  get over(): boolean {
    return this.#why !== undefined
  }

  get box(): string {
    return this.#parts.box
  }

  push(frame: Outgoing): void {
    if (this.#why) return
    this.held.push(frame)
    this.#turn?.wake()
  }

  tell(frame: Outgoing): void {
    if (this.#why) return
    this.told.push(frame)
    this.#turn?.wake()
  }

  /** A request with a token of its device keeps it alive: while it runs, and for a time after. */
  async during<T>(bearer: Identity, request: () => Promise<T>): Promise<T> {
    const { until, issuedAt = -Infinity } = bearer
    if (issuedAt > (this.bearer.issuedAt ?? -Infinity)) this.bearer = bearer
    this.#requests++
    this.#stopIdle?.()
    if (until > this.#until) this.#expireAt(until)
    try {
      return await request()
    } finally {
      if (--this.#requests === 0 && !this.#why) this.#stopIdle = this.#idle()
    }
  }

  /** Of two polls at once the older one waits no longer. */
  takeTurn(): Turn {
    this.#turn?.replace()
    this.#turn = new Turn(this.#parts.timers)
    return this.#turn
  }

  /** Once; what is said of it later changes nothing. */
  end(why: SessionEnd): void {
    if (this.#why) return
    this.#why = why
    this.#stopIdle?.()
    this.#stopExpiry?.()
    const { fanout, presence, commands, log } = this.#parts
    fanout.detach(this)
    presence.forget(this)
    this.held.clear()
    this.#turn?.wake()
    this.#over(this)
    this.#recorded
      .then(() => commands.closeSession(this.#ref(), why))
      .catch((error: unknown) => log.error({ error, session: this.session }, 'a session’s end could not be recorded'))
      .finally(this.#hasEnded)
  }

  #idle(): () => void {
    return this.#parts.timers.after(this.#parts.settings.pollIdleMs, () => this.end('connection-lost'))
  }

  #expireAt(until: number): void {
    const { timers } = this.#parts
    this.#until = until
    this.#stopExpiry?.()
    this.#stopExpiry = timers.after(until - timers.now(), () => this.end('closed-by-server'))
  }

  #ref(): SessionRef {
    return { user: this.user, session: this.session, device: this.device, box: this.#parts.box }
  }
}
