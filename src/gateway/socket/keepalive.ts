// Notices peers that are gone without a word: every so often who was not heard is asked, by a ping of the protocol
// (RFC 6455 §5.5.2), and who then still is silent is taken for gone.
import type { WebSocket } from 'ws'

/** Beats come with the heads, every 5 s: asked after 30 s, gone after 60. */
const beatsPerProbe = 6

export class Keepalive {
  readonly #ws: Pick<WebSocket, 'ping' | 'terminate'>
  #beats = 0
  #heard = true

  constructor(ws: Pick<WebSocket, 'ping' | 'terminate'>) {
    this.#ws = ws
  }

  heard(): void {
    this.#heard = true
  }

  /** `reading`: who is not read cannot be heard, and is not asked. */
  beat(reading: boolean): void {
    if (++this.#beats % beatsPerProbe !== 0 || !reading) return
    if (!this.#heard) return this.#ws.terminate()
    this.#heard = false
    this.#ws.ping()
  }
}
