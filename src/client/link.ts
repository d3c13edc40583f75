// Carries out what connection.ts and ways.ts say: owns the connection, a socket that is tried beside it, and the timers.
import { step } from './connection.ts'
import type { Effect, Ending, Happening, State } from './connection.ts'
import { readFrame } from './frames.ts'
import type { ClientFrame, FrameOf, Heard } from './frames.ts'
import type { OpenSocket, SocketListener } from './socket.ts'
import { turn, wayOf } from './ways.ts'
import type { Move, Turn, Way, Ways } from './ways.ts'

export interface ConnectionState {
  readonly state: State['is']
  /** By which it is, or is tried. */
  readonly way: Way
  /** Why it is closed, or why it waits. */
  readonly why?: Ending
}

export interface LinkSettings {
  readonly ways: Ways
  /** How long opening may take, and how long after falling back to polls a socket is tried (milliseconds). */
  readonly patienceMs: number
  readonly trySocketAfterMs: number
}

export interface LinkOwner {
  /** Opens a socket, or what stands in for one. `wanted` says whether it still is, after something was waited for. */
  open(way: Way, listener: SocketListener, wanted: () => boolean): OpenSocket | Promise<OpenSocket | undefined>
  /** Whether the server answers over HTTP. */
  reachable(): Promise<boolean>
  resumeFrom(): string | undefined
  /** Whether all that waited when the connection was opened has come. */
  caughtUp(): boolean
  frame(frame: Heard): void
  /** What has to be said again on a new socket. */
  catchUp(): readonly string[]
  changed(state: ConnectionState): void
  ended(why: Ending): void
}

/** One of the two: which it is may change while it is open. */
interface Opened {
  beside: boolean
  socket?: OpenSocket | undefined
}

export class Link {
  #now: State = { is: 'idle' }
  #ways: Ways
  readonly #settings: LinkSettings
  readonly #owner: LinkOwner
  #main: Opened | undefined
  #beside: Opened | undefined
  #heard = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #waysTimer: ReturnType<typeof setTimeout> | undefined
  #gone: Promise<unknown> = Promise.resolve()

  constructor(owner: LinkOwner, settings: LinkSettings) {
    this.#owner = owner
    this.#settings = settings
    this.#ways = settings.ways
  }

  get state(): State['is'] {
    return this.#now.is
  }

  get way(): Way {
    return wayOf(this.#ways)
  }

  /** Frames come, as far as is known. */
  get isLive(): boolean {
    return this.#now.is === 'live' && !this.#now.probed
  }

  /** Now, where it waits. */
  connect(): void {
    this.#happen({ type: 'connect' })
    this.#turn({ type: 'retry' })
  }

  /** Resolves when the socket is gone. */
  async close(reason: string, code = 1000): Promise<void> {
    this.#happen({ type: 'close', reason, code })
    await this.#gone
  }

  /** False where there is no settled socket: it is not sent. */
  send(text: string): boolean {
    if (this.#now.is !== 'live' && this.#now.is !== 'resuming') return false
    this.#main?.socket?.send(text)
    return true
  }

  #happen(event: Happening): void {
    const before = this.#now.is
    const { now, effects } = step(this.#now, event)
    this.#now = now
    for (const effect of effects) this.#carryOut(effect)
    if (now.is === before || this.#now !== now) return
    const why =
      now.is === 'closed' ? now.why : event.type === 'lost' ? { code: event.code, reason: event.reason } : undefined
    this.#owner.changed({ state: now.is, way: this.way, ...(why ? { why } : {}) })
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        this.#main = { beside: false }
        return void this.#open(this.#main, this.way)
      case 'drop':
        if (this.#main?.socket) this.#gone = this.#main.socket.drop(effect.code)
        this.#main = undefined
        return
      case 'send':
        return this.#main?.socket?.send(JSON.stringify(effect.frame satisfies ClientFrame))
      case 'catch up':
        for (const text of this.#owner.catchUp()) this.#main?.socket?.send(text)
        return
      case 'timer': {
        clearTimeout(this.#timer)
        if (effect.ms === null) return
        this.#heard = false
        const ms = effect.ms === 'patience' ? this.#settings.patienceMs : effect.ms
        this.#timer = setTimeout(() => {
          this.#happen({ type: 'timer', silent: !this.#heard, luck: Math.random() })
        }, ms)
        return
      }
      case 'left':
        return this.#turn({ type: 'left', doubt: effect.doubt })
      case 'arrived':
        return this.#turn({ type: 'arrived', luck: Math.random() })
      case 'well':
        return this.#turn({ type: 'well' })
      case 'end':
        this.#turn({ type: 'left', doubt: 0 })
        return this.#owner.ended(effect.why)
    }
  }

  #turn(event: Turn): void {
    const { now, effects } = turn(this.#ways, event)
    this.#ways = now
    for (const effect of effects) this.#move(effect)
  }

  #move(effect: Move): void {
    const { patienceMs, trySocketAfterMs } = this.#settings
    switch (effect.do) {
      case 'ask': {
        const waiting = this.#now
        return void this.#owner.reachable().then(reachable => {
          if (this.#now !== waiting) return // it is tried again, by the way that it has
          if (reachable) this.#turn({ type: 'reachable', doubt: effect.doubt })
        })
      }
      case 'try': {
        const beside = (this.#beside = { beside: true })
        this.#after(patienceMs, () => this.#turn({ type: 'failed', luck: Math.random() }))
        return void this.#open(beside, 'socket')
      }
      case 'drop':
        clearTimeout(this.#waysTimer)
        void this.#beside?.socket?.drop(1000)
        this.#beside = undefined
        return
      case 'move':
        clearTimeout(this.#waysTimer)
        if (this.#main?.socket) this.#gone = this.#main.socket.drop(1000)
        this.#main = this.#beside
        this.#beside = undefined
        if (this.#main) this.#main.beside = false
        return
      case 'rest':
        return this.#after(trySocketAfterMs * effect.factor, () => this.#turn({ type: 'timer', luck: Math.random() }))
      case 'no timer':
        return clearTimeout(this.#waysTimer)
    }
  }

  #after(ms: number, call: () => void): void {
    clearTimeout(this.#waysTimer)
    this.#waysTimer = setTimeout(call, ms)
  }

  /** What is not wanted any more is not heard any more, and an answer that comes too late opens nothing. */
  async #open(one: Opened, way: Way): Promise<void> {
    const wanted = () => one === this.#main || one === this.#beside
    const lost = (code: number, reason: string, afterMs?: number) => {
      if (!wanted()) return
      one.socket = undefined
      if (one.beside) return this.#turn({ type: 'failed', luck: Math.random() })
      this.#main = undefined
      this.#happen({ type: 'lost', code, reason, luck: Math.random(), afterMs })
    }
    const read = (frame: Heard | undefined) => {
      if (!wanted()) return
      if (!one.beside) this.#read(frame)
      else if (frame?.type === 'welcome') this.#welcomed(frame)
    }
    try {
      const listener: SocketListener = {
        opened: () => {
          if (wanted() && !one.beside) this.#happen({ type: 'open' })
        },
        text: data => read(readFrame(data)),
        frame: read,
        lost: (code, reason) => lost(code, reason),
        answered: (status, afterMs) => {
          // beside, whatever is in the way may have said so: the polls will hear it of the server
          if (status !== 401 || one.beside) return lost(1006, `the server answered with ${status}`, afterMs)
          this.#main = undefined
          this.#happen({ type: 'refused', status, reason: 'the server does not accept this token' })
        },
      }
      const socket = await this.#owner.open(way, listener, wanted)
      if (wanted()) one.socket = socket
      else void socket?.drop(1000)
    } catch (thrown) {
      lost(1006, thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  #read(frame: Heard | undefined): void {
    this.#heard = true
    if (!frame) return
    if (frame.type === 'welcome') {
      const resumeFrom = this.#owner.resumeFrom()
      this.#owner.frame(frame)
      return this.#happen({ type: 'welcome', resumeFrom })
    }
    this.#owner.frame(frame)
    if (frame.type === 'resumed' || frame.type === 'reset') this.#happen({ type: frame.type })
  }

  /** The socket beside is let in: from here on it is the connection, if what polls have brought can be resumed from. */
  #welcomed(frame: FrameOf<'welcome'>): void {
    const resumeFrom = this.#owner.resumeFrom()
    const ready = this.#now.is === 'live' && resumeFrom !== undefined && this.#owner.caughtUp()
    this.#turn({ type: 'welcomed', ready, luck: Math.random() })
    if (!ready) return
    this.#owner.frame(frame)
    this.#happen({ type: 'moved', resumeFrom })
  }
}
