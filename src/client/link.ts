// Carries out the connection's effects: owns the one socket and the one timer, and tells what happened to them.
import { step } from './connection.ts'
import type { Effect, Ending, Happening, State } from './connection.ts'
import { readFrame } from './frames.ts'
import type { ClientFrame, ServerFrame } from './frames.ts'
import type { OpenSocket, SocketListener } from './socket.ts'

export interface ConnectionState {
  readonly state: State['is']
  /** Why it is closed, or why it waits. */
  readonly why?: Ending
}

export interface LinkOwner {
  /** Opens a socket, or what stands in for one. `wanted` says whether it still is, after something was waited for. */
  open(listener: SocketListener, wanted: () => boolean): OpenSocket | undefined | Promise<OpenSocket | undefined>
  resumeFrom(): string | undefined
  frame(frame: ServerFrame): void
  /** What has to be said again on a new socket. */
  catchUp(): readonly string[]
  changed(state: ConnectionState): void
  ended(why: Ending): void
}

export class Link {
  #now: State = { is: 'idle' }
  readonly #owner: LinkOwner
  #socket: OpenSocket | undefined
  /** Which attempt a token was asked for: an answer that comes too late opens nothing. */
  #attempt = 0
  #heard = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #gone: Promise<void> = Promise.resolve()

  constructor(owner: LinkOwner) {
    this.#owner = owner
  }

  get state(): State['is'] {
    return this.#now.is
  }

  connect(): void {
    this.#happen({ type: 'connect' })
  }

  /** Resolves when the socket is gone. */
  close(reason: string): Promise<void> {
    this.#happen({ type: 'close', reason })
    return this.#gone
  }

  /** False where there is no settled socket: it is not sent. */
  send(text: string): boolean {
    if (this.#now.is !== 'live' && this.#now.is !== 'resuming') return false
    this.#socket?.send(text)
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
    this.#owner.changed({ state: now.is, ...(why ? { why } : {}) })
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        return void this.#open()
      case 'drop':
        this.#attempt++
        if (this.#socket) this.#gone = this.#socket.drop(effect.code)
        this.#socket = undefined
        return
      case 'send':
        return this.#socket?.send(JSON.stringify(effect.frame satisfies ClientFrame))
      case 'catch up':
        for (const text of this.#owner.catchUp()) this.#socket?.send(text)
        return
      case 'timer':
        clearTimeout(this.#timer)
        if (effect.ms === null) return
        this.#heard = false
        this.#timer = setTimeout(() => {
          this.#happen({ type: 'timer', silent: !this.#heard, luck: Math.random() })
        }, effect.ms)
        return
      case 'end':
        return this.#owner.ended(effect.why)
    }
  }

  async #open(): Promise<void> {
    const attempt = ++this.#attempt
    const lost = (code: number, reason: string, afterMs?: number) => {
      if (attempt !== this.#attempt) return
      this.#socket = undefined
      this.#happen({ type: 'lost', code, reason, luck: Math.random(), afterMs })
    }
    try {
      const listener: SocketListener = {
        opened: () => this.#happen({ type: 'open' }),
        text: data => this.#read(readFrame(data)),
        frame: frame => this.#read(frame),
        lost: (code, reason) => lost(code, reason),
        answered: (status, afterMs) => {
          if (status !== 401) return lost(1006, `the server answered with ${status}`, afterMs)
          this.#socket = undefined
          this.#happen({ type: 'refused', status, reason: 'the server does not accept this token' })
        },
      }
      const wanted = () => attempt === this.#attempt
      const socket = await this.#owner.open(listener, wanted)
      if (wanted()) this.#socket = socket
      else void socket?.drop(1000)
    } catch (thrown) {
      lost(1006, thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  #read(frame: ServerFrame | undefined): void {
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
}
