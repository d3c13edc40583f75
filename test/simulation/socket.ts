// The client's end of a WebSocket as browsers have it, over a simulated connection: RFC 6455's frames, no more of them than the
// SDK and the server use. The server's end is the real one.
import type { SocketLike } from '../../src/client/socket.ts'
import type { ClientEnd } from './network.ts'

const text = 1
const closing = 8
const ping = 9
const pong = 10

const headEnd = Buffer.from('\r\n\r\n')

/** `dial` connects and says who hears; undefined: nobody is there. */
export type Dial = (url: string, heard: { bytes(bytes: Buffer): void; ended(): void }) => ClientEnd

export class SimulatedSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly #end: ClientEnd
  #bytes: Buffer = Buffer.alloc(0)
  #open = false
  #closed = false
  #code = 1006
  #reason = ''

  constructor(dial: Dial, url: string) {
    this.#end = dial(url, {
      bytes: bytes => this.#take(bytes),
      ended: () => this.#over(),
    })
  }

  send(said: string): void {
    if (!this.#closed) this.#write(text, Buffer.from(said))
  }

  close(code = 1000): void {
    const said = Buffer.alloc(2)
    said.writeUInt16BE(code)
    this.#code = code
    if (this.#open) this.#write(closing, said)
    else this.#end.end()
  }

  #take(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    if (!this.#open) {
      const end = this.#bytes.indexOf(headEnd)
      if (end < 0) return
      if (!this.#bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101 ')) return this.#end.end()
      this.#bytes = this.#bytes.subarray(end + headEnd.length)
      this.#open = true
      this.onopen?.(undefined as never)
    }
    for (let frame = this.#next(); frame; frame = this.#next()) this.#hear(...frame)
  }

  #next(): [number, Buffer] | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const short = bytes[1]! & 0x7f
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head) return undefined
    const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    if (bytes.length < head + length) return undefined
    this.#bytes = bytes.subarray(head + length)
    return [bytes[0]! & 0x0f, bytes.subarray(head, head + length)]
  }

  #hear(kind: number, said: Buffer): void {
    if (this.#closed) return
    if (kind === text) this.onmessage?.({ data: said.toString() } as never)
    else if (kind === ping) this.#write(pong, said)
    else if (kind === closing) {
      this.#code = said.length < 2 ? 1005 : said.readUInt16BE(0)
      this.#reason = said.toString('utf8', 2)
      this.#write(closing, said)
    }
  }

  #over(): void {
    if (this.#closed) return
    this.#closed = true
    this.onclose?.({ code: this.#code, reason: this.#reason } as never)
  }

  /** Clients mask (§5.3): here with a key of nothing, which leaves the bytes as they are. */
  #write(kind: number, said: Buffer): void {
    const length = said.length
    const head = length < 126 ? 2 : 4
    const frame = Buffer.alloc(head + 4 + length)
    frame[0] = 0x80 | kind
    frame[1] = 0x80 | (head === 2 ? length : 126)
    if (head === 4) frame.writeUInt16BE(length, 2)
    said.copy(frame, head + 4)
    this.#end.send(frame)
  }
}
