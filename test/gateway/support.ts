// A gateway over the real stack, and the smallest of clients: what it is told, in order.
import { randomUUID } from 'node:crypto'
import { NEVER } from 'rxjs'
import { WebSocket } from 'ws'
import { createMetrics } from '../../src/metrics/index.ts'
import {
  createGateway,
  followDevices,
  type Gateway,
  type GatewayParts,
  type GatewaySettings,
} from '../../src/gateway/index.ts'
import type { ServerFrame } from '../../src/gateway/socket/protocol.ts'
import type { Stack } from '../support/stack.ts'

export type Frame<T extends ServerFrame['type'] = ServerFrame['type']> = Extract<ServerFrame, { type: T }>
export type Row = Record<string, unknown>

export interface Box {
  readonly gateway: Gateway
  readonly url: string
  /** A user's name that no other test has. */
  token(user: string, roles?: readonly string[], device?: string): Promise<string>
  connect(user: string, options?: { device?: string; quiet?: boolean }): Promise<Client>
  /** `body` is sent as JSON. */
  http(method: string, path: string, options?: HttpOptions): Promise<Answer>
}

export interface HttpOptions {
  readonly as?: string
  readonly roles?: readonly string[]
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Row
}

export const secret = 'a secret of more than thirty-two bytes'
/** `search` undefined: switched off. */
type Served = Omit<Stack, 'retention' | 'search'> & { readonly search: Stack['search'] | undefined }

export async function openGateway(
  stack: Served,
  settings: Partial<GatewaySettings> = {},
  measure?: GatewayParts['measure'],
): Promise<Box> {
  const note = () => {}
  const log = { warn: note, error: note }
  const gateway = createGateway({
    devices: await followDevices({ ...stackParts(stack), log }),
    ...stackParts(stack),
    auth: { secret },
    box: `box-${randomUUID().slice(0, 8)}`,
    settings: { devTokens: true, deliveryBackoffMs: 3_600_000, ...settings } /* pushed once, unless asked for */,
    log,
    boxes: { all: () => Promise.resolve([]), whispers: { heard: NEVER, say: () => undefined } },
    unready: () => Promise.resolve([]),
    metrics: createMetrics(),
    ...(measure ? { measure } : {}),
  })
  const { port } = await gateway.listen(0, '127.0.0.1')
  const url = `http://127.0.0.1:${port}`

  const http: Box['http'] = async (method, path, { as, roles, body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${await token(as, roles)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson =
      /json(;|$)/.test(response.headers.get('content-type') ?? '') &&
      !response.headers.get('content-type')!.includes('ndjson')
    return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as Row) : {} }
  }

  const token: Box['token'] = async (user, roles = ['user'], device) => {
    const answer = await http('POST', '/v1/dev/tokens', { body: { user, roles, ...(device ? { device } : {}) } })
    return answer.json['token'] as string
  }

  const connect: Box['connect'] = async (user, { device = 'phone', quiet = false } = {}) => {
    const client = new Client(`${url.replace('http', 'ws')}/v1/socket?token=${await token(user, ['user'], device)}`)
    await client.next('welcome')
    if (!quiet) client.say({ type: 'ping' })
    return client
  }
  return { gateway, url, http, token, connect }
}

/** What a stack proxy has, as a plain object. */
const stackParts = ({ commands, projections, feed, store, keyring, media, search, epoch }: Served) => ({
  commands,
  projections,
  feed,
  store,
  keyring,
  media,
  search,
  epoch,
})

/** Someone who says frames and is told frames, whatever carries them. */
export abstract class Ear {
  /** All frames so far. */
  readonly told: ServerFrame[] = []
  readonly #taken = new Set<ServerFrame>()
  #waiting: (() => void)[] = []

  /** A frame as it goes over the wire. */
  abstract sayText(text: string): void
  /** Nothing more will be told. */
  protected abstract readonly isOver: boolean

  say(frame: object): void {
    this.sayText(JSON.stringify(frame))
  }

  protected hear(frame: ServerFrame): void {
    if (frame.type === 'message') delete frame.previous // a hint that is there live alone
    this.told.push(frame)
    this.wake()
  }

  /** The first frame of this type that fits and was not taken yet; waits for it. */
  async next<T extends ServerFrame['type']>(
    type: T,
    fits: (frame: Frame<T>) => boolean = () => true,
  ): Promise<Frame<T>> {
    for (;;) {
      const found = this.of(type).find(frame => !this.#taken.has(frame) && fits(frame))
      if (found) {
        this.#taken.add(found)
        return found
      }
      if (this.isOver) throw new Error(`closed before ${type}; told ${JSON.stringify(this.told)}`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  protected wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Sends a message and waits for its answer. */
  async send(to: { user: string } | { conversation: string }, text: string, id = randomUUID()): Promise<Frame<'sent'>> {
    this.say({ type: 'send', id, to, body: { text } })
    return this.next('sent', frame => frame.id === id)
  }

  /** All of what was sent before has been handled: asked and answered. */
  async settled(): Promise<void> {
    this.say({ type: 'ping' })
    await this.next('pong')
  }

  of<T extends ServerFrame['type']>(type: T): Frame<T>[] {
    return this.told.filter((frame): frame is Frame<T> => frame.type === type)
  }
}

export class Client extends Ear {
  readonly ws: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>

  constructor(url: string) {
    super()
    this.ws = new WebSocket(url, 'verbatim.v1')
    this.ws.on('message', data => this.hear(JSON.parse((data as Buffer).toString()) as ServerFrame))
    this.closed = new Promise(resolve =>
      this.ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.wake()
      }),
    )
    this.ws.on('error', () => {})
  }

  sayText(text: string): void {
    this.ws.send(text)
  }

  protected get isOver(): boolean {
    return this.ws.readyState === WebSocket.CLOSED
  }

  async close(): Promise<void> {
    this.ws.close()
    await this.closed
  }
}

let names = 0
/** Names that no other test has. */
export const people = <N extends string>(...wanted: N[]): Record<N, string> => {
  const tag = `${process.pid}-${++names}`
  return Object.fromEntries(wanted.map(name => [name, `${name}-${tag}`])) as Record<N, string>
}
