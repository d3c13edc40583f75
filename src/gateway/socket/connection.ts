// One socket's session: what the state machine wants done, done. The only file that touches a WebSocket that is open.
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { SessionRef } from '../../commands/index.ts'
import type { SessionEnd } from '../../domain/index.ts'
import type { Position } from '../../eventstore/index.ts'
import type { Identity } from '../http/auth.ts'
import type { Client } from './answers.ts'
import type { Page } from './catch-up.ts'
import type { Receiver } from './fanout.ts'
import { answer, refusalFrame } from './frames.ts'
import { getsTo } from './ahead.ts'
import { Keepalive } from './keepalive.ts'
import type { Outgoing } from './outbox.ts'
import { binaryFrame, parseFrame } from './parse.ts'
import type { ServerFrame } from './protocol.ts'
import type { Effect, Event, State } from './session-types.ts'
import { initial, isToldAll, step } from './session.ts'
import type { SessionParts } from './parts.ts'
import { Writer } from './writer.ts'

export class Connection implements Receiver, Client {
  readonly session = randomUUID()
  readonly user: string
  readonly device: string
  readonly bearer: Identity
  readonly #parts: SessionParts<Connection>
  readonly #ws: WebSocket
  readonly #writer: Writer
  readonly #recorded: Promise<void>
  #arrived: Promise<void> | undefined
  #state: State = initial
  readonly #keepalive: Keepalive
  #reading = true
  #broken = false
  #cursor: string | undefined
  #stopExpiry: (() => void) | undefined

  /** `cursor`: where to resume from, as the URL says; the `resume` that a client sends all the same is the same. */
  constructor(parts: SessionParts<Connection>, ws: WebSocket, socket: Duplex, identity: Identity, cursor?: string) {
    this.#parts = parts
    this.#cursor = cursor
    this.#ws = ws
    this.user = identity.user
    this.device = identity.device
    this.bearer = identity
    this.#keepalive = new Keepalive(ws)
    const failed = (error: unknown) => this.#fail(error)
    this.#writer = new Writer(socket, parts.ticks, failed)
    this.#recorded = parts.commands.openSession(this.#ref())
    this.#read(false) // what the client sends before its welcome waits in the socket
    this.#listen()
    parts.beats.add(this)
    this.#watchExpiry()
    // the store answers those who came at about the same time together, and so they are asked about together
    this.#recorded.then(() => {
      this.dispatch({ type: 'recorded' })
      const attached = parts.logins.attach(this, this.#ref())
      this.#arrived = attached.then(base => this.dispatch({ type: 'attached', base }), failed)
    }, failed)
  }

  push(frame: Outgoing): void {
    this.dispatch({ type: 'pushed', frame })
    if (this.#state.mode === 'live') this.#boundWaiting()
  }
  tell(frame: Outgoing): void {
    this.dispatch({ type: 'told', frame })
  }
  again(frame: Outgoing): void {
    this.push(frame)
  }

  get idle(): boolean {
    return this.#state.mode === 'live' && this.waiting === 0
  }

  #boundWaiting(): void {
    if (this.waiting > this.#parts.settings.outboxBytes) this.dispatch({ type: 'slow' })
  }

  /** The box stops, or was taken for lost and with it this session, or its device was signed out. */
  end(why: 'stopped' | 'lost' | 'signed-out'): void {
    this.dispatch({ type: why })
  }

  /** What waits for the reader (bytes). */
  get waiting(): number {
    return this.#writer.waiting
  }

  dispatch(event: Event): void {
    const before = this.#state
    const { state, effects } = step(this.#parts.table, before, event)
    this.#state = state
    for (const effect of effects) this.#do(effect)
    if (before.mode !== 'live' && state.mode === 'live') this.#parts.redelivery.arrived(this.user, isToldAll(before))
  }

  #do(effect: Effect): void {
    const { answers, cursors, fanout, catchUp } = this.#parts
    switch (effect.do) {
      case 'send':
        return this.#writer.push(effect.frame)
      case 'welcome':
        return this.#welcome(effect.base)
      case 'head':
        return this.#writer.push(this.#parts.headFrame(effect.position))
      case 'resumed':
        return this.#say({ type: 'resumed', cursor: cursors.of(effect.position) })
      case 'reset':
        return this.#say({ type: 'reset', reason: effect.reason })
      case 'pong':
        return this.#say({ type: 'pong' })
      case 'refuse':
        return this.#say(refusalFrame(effect.refusal, effect.id))
      case 'ask':
        return void answers(this, effect.frame, effect.body).then(frame => this.dispatch({ type: 'answered', frame }))
      case 'await':
        return this.#await(effect.position)
      case 'load-changes':
        return this.#load(catchUp.changes(this.user, effect.after, effect.upTo))
      case 'load-unacknowledged':
        return this.#load(catchUp.unacknowledged(this.user, effect.after, effect.upTo))
      case 'when-drained':
        return this.#writer.whenDrained(() => this.dispatch({ type: 'drained', head: fanout.position() }))
      case 'start-settling':
        return this.#parts.settling.add(this)
      case 'start-beat':
        return this.#parts.beats.add(this)
      case 'stop-reading':
        return this.#read(false)
      case 'go-on-reading':
        return this.#read(true)
      case 'close':
        this.#writer.end()
        this.#read(true) // or the peer's answer to the close would not be seen
        return this.#ws.close(effect.code, effect.reason)
      case 'detach':
        return fanout.detach(this)
      case 'end':
        return this.#end(effect.why)
    }
  }

  #await(position: Position): void {
    const { fanout, timers } = this.#parts
    const say = (reached: boolean) => this.dispatch({ type: 'reached', reached, head: fanout.position() })
    void getsTo(position, fanout, timers).then(say)
  }

  #welcome(base: Position): void {
    const { box, epoch, cursors, settings, load } = this.#parts
    const { user, session, device } = this
    this.#say({ type: 'welcome', user, session, device, box, epoch, cursor: cursors.of(base), limits: settings.limits })
    if (load.level() > 0) this.#writer.push(load.frame())
    if (this.#cursor !== undefined) this.#resume(this.#cursor)
    this.#read(true)
  }

  #say(frame: ServerFrame): void {
    this.#writer.push(answer(frame))
    this.#boundWaiting() // answers count too: a client that only writes would be kept in memory
  }

  #load(page: Promise<Page>): void {
    const failed = (error: unknown) => this.#fail(error)
    page.then(({ frames, next }) => this.dispatch({ type: 'loaded', frames, next }), failed)
  }

  #listen(): void {
    this.#ws.on('message', (data: RawData, isBinary: boolean) => {
      this.#keepalive.heard()
      this.#take(
        isBinary ? binaryFrame : parseFrame((data as Buffer).toString(), this.#parts.settings.limits.bodyBytes),
      )
    })
    this.#ws.on('pong', () => this.#keepalive.heard())
    this.#ws.on('error', () => (this.#broken = true)) // the peer broke the protocol: ws has sent the close code
    this.#ws.on('close', code => {
      this.#parts.counts.closed(code)
      this.dispatch({ type: 'closed', why: this.#whyClosed(code) })
    })
  }

  #take(parsed: ReturnType<typeof parseFrame>): void {
    this.#parts.counts.heard(parsed)
    if ('refusal' in parsed) return this.dispatch({ type: 'garbled', ...parsed })
    if (parsed.frame.type !== 'resume') return this.dispatch({ type: 'framed', frame: parsed.frame, body: parsed.body })
    // who has said in the URL where to begin may say it once more, or meanwhile be further: it has begun there
    if (this.#cursor === undefined) this.#resume(parsed.frame.cursor)
    this.#cursor = undefined
  }

  #resume(cursor: string): void {
    const { cursors, fanout } = this.#parts
    this.dispatch({ type: 'resume', from: cursors.parse(cursor), head: fanout.position() })
  }

  #whyClosed(code: number): SessionEnd {
    if (this.#broken) return 'closed-by-server'
    return code === 1006 ? 'connection-lost' : 'closed-by-client' // 1006: no close frame came (RFC 6455 §7.1.5)
  }

  #read(on: boolean): void {
    this.#reading = on
    if (on) this.#ws.resume()
    else this.#ws.pause()
  }

  settled(): void {
    this.dispatch({ type: 'settled' })
  }
  beat(): void {
    this.#watchExpiry()
    this.dispatch({ type: 'beat', head: this.#keepalive.beat(this.#parts.fanout.position(), this.#reading) })
  }

  /** A token that is over before the next beat but one has a timer of its own. */
  #watchExpiry(): void {
    const { timers, settings } = this.#parts
    const left = this.bearer.until - timers.now()
    if (this.#stopExpiry || this.#state.mode === 'closing' || left > 2 * settings.headMs) return
    this.#stopExpiry = timers.after(left, () => this.dispatch({ type: 'expired' }))
  }

  #fail(error: unknown): void {
    this.#parts.log.error({ error, user: this.user, session: this.session }, 'a session could not go on')
    this.dispatch({ type: 'failed' })
  }

  #end(why: SessionEnd): void {
    const { fanout, presence, commands, settling, beats, ended, log } = this.#parts
    settling.delete(this)
    beats.delete(this)
    this.#stopExpiry?.()
    fanout.detach(this)
    presence.forget(this)
    this.#recorded
      .then(() => this.#arrived) // its device is linked before it closes
      .then(() => commands.closeSession(this.#ref(), why))
      .catch((error: unknown) => log.error({ error, session: this.session }, 'a session’s end could not be recorded'))
      .finally(() => ended(this))
  }

  #ref(): SessionRef {
    return { user: this.user, session: this.session, device: this.device, box: this.#parts.box }
  }
}
