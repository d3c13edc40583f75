// The smallest of clients that poll: one request after the other, from the cursor of the last answer.
import { Ear } from './support.ts'
import type { ServerFrame } from '../../src/gateway/socket/protocol.ts'

export interface Polled {
  readonly frames: ServerFrame[]
  readonly cursor: string
  readonly more?: true
  readonly replaced?: true
}

export class PollingClient extends Ear {
  /** Of the last answer. */
  cursor: string | undefined
  /** Resolves when the server takes it no more: the status it is answered with, or 0 where nobody answers. */
  readonly closed: Promise<{ code: number }>
  readonly #urls: () => string
  readonly #headers: Record<string, string>
  #current = new AbortController()
  #over: number | undefined
  #hurry: (() => void) | undefined
  #paused: Promise<void> | undefined
  #goOn: (() => void) | undefined
  #said: Promise<unknown> = Promise.resolve()

  /** `urls` says which box the next request goes to. */
  constructor(urls: () => string, token: string, cursor?: string) {
    super()
    this.#urls = urls
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    this.cursor = cursor
    this.closed = this.#run()
  }

  sayText(text: string): void {
    this.#said = this.#said.then(async () => {
      const response = await this.request('POST', '/v1/frames', text)
      for (const frame of ((await response.json()) as Polled).frames) this.hear(frame)
    })
  }

  request(method: string, path: string, body?: string, signal?: AbortSignal): Promise<Response> {
    const more = { ...(body === undefined ? {} : { body }), ...(signal ? { signal } : {}) }
    return fetch(this.#urls() + path, { method, headers: this.#headers, ...more })
  }

  /** All of what was said before is answered, and all there is has been fetched. */
  override async settled(): Promise<void> {
    await super.settled()
    await new Promise<void>(resolve => {
      this.#hurry = resolve
      this.interrupt()
    })
  }

  /** The present poll's answer is not waited for. */
  interrupt(): void {
    this.#current.abort()
  }

  pause(): void {
    this.#paused = new Promise(resolve => (this.#goOn = resolve))
    this.interrupt()
  }

  goOn(): void {
    this.#paused = undefined
    this.#goOn?.()
  }

  /** Without a word. */
  vanish(): void {
    this.#over ??= 0
    this.goOn()
    this.interrupt()
  }

  async close(): Promise<void> {
    await this.#said
    this.vanish()
    await this.closed
    await this.request('DELETE', '/v1/poll')
  }

  protected get isOver(): boolean {
    return this.#over !== undefined
  }

  async #run(): Promise<{ code: number }> {
    while (this.#over === undefined) {
      await this.#paused
      const wait = this.#hurry ? 0 : 20
      const query = this.cursor === undefined ? `wait=${wait}` : `wait=${wait}&cursor=${this.cursor}`
      this.#current = new AbortController()
      try {
        const response = await this.request('GET', `/v1/poll?${query}`, undefined, this.#current.signal)
        if (!response.ok) {
          this.#over = response.status
          break
        }
        const answer = (await response.json()) as Polled
        this.cursor = answer.cursor
        for (const frame of answer.frames) this.hear(frame)
        if (wait === 0 && answer.frames.length === 0 && !answer.more) {
          this.#hurry!()
          this.#hurry = undefined
        }
      } catch {
        if (!this.#current.signal.aborted) this.#over = 0
      }
    }
    this.wake()
    return { code: this.#over ?? 0 }
  }
}
