// Notices peers that are gone without a word: every so often who was not heard is asked, by a ping of the protocol
// (RFC 6455 §5.5.2), and who then still is silent is taken for gone. And says what a beat has to tell.
import type { WebSocket } from 'ws'
import type { Position } from '../../eventstore/index.ts'

/** Beats come with the heads, every 5 s: asked after 30 s, gone after 60. */
const beatsPerProbe = 6

export class Keepalive {
  readonly #ws: Pick<WebSocket, 'ping' | 'terminate'>
  #beats = 0
  #heard = true
  #head: Position = -1

  constructor(ws: Pick<WebSocket, 'ping' | 'terminate'>) {
    this.#ws = ws
  }

  heard(): void {
    this.#heard = true
  }

  /**
   * The head that is to be told. Where nothing has happened since the last beat, every other one tells nothing: a client is to
   * hear something within 15 s. `reading`: who is not read cannot be heard, and is not asked.
   */
  beat(head: Position, reading: boolean): Position | undefined {
    if (++this.#beats % beatsPerProbe === 0 && reading) this.#probe()
    const news = head !== this.#head
    this.#head = news ? head : -1
    return news ? head : undefined
  }

  #probe(): void {
    if (!this.#heard) return this.#ws.terminate()
    this.#heard = false
    this.#ws.ping()
  }
}
