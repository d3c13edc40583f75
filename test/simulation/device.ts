// A device of a run: the SDK, the ways it has, and what it was told. It goes offline, and its app is killed and started again with the
// cursor that it had kept.
import { connect, Refused, type Body, type Client, type Recipient, type Sent } from '../../src/client/index.ts'
import type { ServerFrame } from '../../src/gateway/socket/protocol.ts'
import { createCursors } from '../../src/gateway/socket/cursor.ts'
import { epoch } from './log.ts'
import type { Connection } from './network.ts'
import { SimulatedSocket } from './socket.ts'
import type { Way, World } from './world.ts'

export type Pushed = Extract<
  ServerFrame,
  { type: 'message' | 'edited' | 'retracted' | 'reacted' | 'receipt' | 'failed' | 'member' | 'changed' }
>
const pushedTypes = ['message', 'edited', 'retracted', 'reacted', 'receipt', 'failed', 'member', 'changed'] as const

/** What was asked with an id of its own, and what came of it. */
export interface Asked {
  readonly id: string
  readonly device: Device
  readonly what: 'send' | 'edit' | 'retract' | 'react'
  readonly say: (client: Client) => Promise<Sent>
  outcome: Sent | Refused | 'nothing' | undefined
}

/** What it was told, in which life of its app; a reset; positions between which it was told everything. */
export type Told = { readonly life: number; readonly frame: Pushed } | 'reset'
export interface Known {
  readonly from: number
  to: number
}

const cursors = createCursors(epoch)
export const positionOf = (cursor: string): number => {
  const position = cursors.parse(cursor.replace(/~.*$/, ''))
  if (typeof position === 'string') throw new Error(`the cursor ${cursor} is none`)
  return position
}

export class Device implements Way {
  readonly name: string
  readonly user: string
  readonly token: string
  readonly told: Told[] = []
  readonly known: Known[] = []
  made = 0
  isOnline = true
  connection: Connection | undefined
  cursor: string | undefined
  life = 0
  client!: Client
  readonly #world: World
  readonly #transport: 'socket' | 'poll'
  readonly ack: 'auto' | 'manual'
  #lastTold: string | undefined
  #knows: Known | undefined

  constructor(world: World, user: string, device: string, transport: 'socket' | 'poll', ack: 'auto' | 'manual') {
    this.#world = world
    this.user = user
    this.name = `${user}/${device}`
    this.token = this.name
    this.#transport = transport
    this.ack = ack
    this.start()
  }

  get position(): number {
    return this.cursor === undefined ? -1 : positionOf(this.cursor)
  }

  /** By conversation: how far it was told others' messages in this life of its app. */
  get heard(): Map<string, number> {
    const ends = new Map<string, number>()
    for (const one of this.told) {
      if (one === 'reset' || one.life !== this.life || one.frame.type !== 'message' || one.frame.from === this.user)
        continue
      const { conversation, seq } = one.frame
      ends.set(conversation, Math.max(seq, ends.get(conversation) ?? -1))
    }
    return ends
  }

  start(): void {
    const life = ++this.life
    const world = this.#world
    const isNow = () => this.life === life
    if (life > 1 && this.cursor === undefined) this.told.push('reset')
    const way: Way = {
      name: this.name,
      token: this.token,
      made: 1000 * life,
      get isOnline() {
        return isNow() && device.isOnline
      },
      get connection() {
        return device.connection
      },
      set connection(connection) {
        device.connection = connection
      },
    }
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the way's getters have a `this` of their own
    const device = this
    class Socket extends SimulatedSocket {
      constructor(url: string) {
        super((to, heard) => world.dial(way, to, { bytes: b => isNow() && heard.bytes(b), ended: heard.ended }), url)
      }
    }
    this.client = connect({
      url: 'http://here',
      token: this.token,
      transport: this.#transport,
      ack: this.ack,
      WebSocket: Socket,
      fetch: ((url: URL, init: RequestInit) => world.fetch(way, url, init)) as typeof fetch,
      cursor: this.cursor,
      onCursor: cursor => isNow() && this.#kept(cursor),
    })
    const hear = (frame: Pushed) => {
      if (!isNow()) return
      world.say(() => `  ${this.name} is told ${lineOf(frame)}`)
      this.told.push({ life, frame })
      this.#lastTold = frame.cursor
    }
    for (const type of pushedTypes) this.client.on(type, hear)
    this.client.on('reset', ({ reason }) => {
      world.say(() => `  ${this.name} is reset (${reason})`)
      this.told.push('reset')
      this.#knows = undefined
      this.cursor = undefined
    })
    this.client.on('connection', ({ state, why }) => {
      if (isNow()) world.say(() => `  ${this.name} is ${state}${why ? ` (${why.code} ${why.reason})` : ''}`)
    })
    this.client.on('error', error => world.say(() => `  ${this.name} is told the error ${error.code}`))
  }

  /** Its app is killed: what it was told is kept, and the cursor. What waits for an answer gets none. */
  crash(): void {
    this.#world.say(() => `${this.name}'s app is killed`)
    this.life++
    this.connection?.cut()
    this.connection = undefined
    void this.client.close()
  }

  ask(id: string, what: Asked['what'], say: (client: Client) => Promise<Sent>): Asked {
    const asked: Asked = { id, device: this, what, say, outcome: undefined }
    const { life } = this
    const settle = (outcome: Sent | Refused | 'nothing') => {
      asked.outcome = this.life === life ? outcome : 'nothing'
      this.#world.say(() => `  ${this.name} is answered: ${what} ${short(id)} ${outcomeOf(asked.outcome!)}`)
    }
    say(this.client).then(settle, (error: unknown) => settle(error instanceof Refused ? error : 'nothing'))
    return asked
  }

  send(id: string, to: Recipient, body: Body): Asked {
    return this.ask(id, 'send', client => client.send(to, body, { id }))
  }

  /** From the first cursor on that is not of a frame that was told (so of none of what was waiting) it knows all. */
  #kept(cursor: string): void {
    this.cursor = cursor
    const position = positionOf(cursor)
    if (this.#knows) this.#knows.to = Math.max(this.#knows.to, position)
    else if (cursor !== this.#lastTold) this.known.push((this.#knows = { from: position, to: position }))
  }
}

export const short = (id: string): string => id.slice(0, 4)

const outcomeOf = (outcome: Sent | Refused | 'nothing'): string =>
  outcome === 'nothing'
    ? 'nothing'
    : outcome instanceof Refused
      ? outcome.code
      : `${short(outcome.conversation)}@${outcome.seq}`

export function lineOf(frame: Pushed): string {
  const { type, conversation } = frame
  const place = 'seq' in frame ? `@${frame.seq}` : ''
  const who =
    frame.type === 'receipt'
      ? ` ${frame.by} ${frame.read === undefined ? 'got' : 'read'} ${frame.read ?? frame.delivered}`
      : ''
  const of = frame.type === 'member' ? ` ${frame.user} ${frame.change}` : ''
  const id = frame.type === 'message' ? ` ${short(frame.id)}` : 'message' in frame ? ` of ${short(frame.message)}` : ''
  return `${type} ${short(conversation)}${place}${who}${of}${id}`
}
