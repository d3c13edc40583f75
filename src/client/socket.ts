// Owns the WebSocket and the timer, and only carries out what connection.ts says. Works with browsers' class and with `ws`.
import { subprotocol } from './frames.ts'
import type { Heard } from './frames.ts'

/** The part of a WebSocket that is used here: browsers', Node 22's and `ws`'s all have it. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
}

export type SocketClass = new (url: string, protocols?: string | string[], options?: never) => SocketLike

interface Answered {
  readonly statusCode?: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What `ws` has besides: headers to send, and the status of an upgrade that was answered otherwise. */
interface NodeSocket extends SocketLike {
  on(event: 'unexpected-response', listener: (request: { destroy(): void }, response: Answered) => void): void
}
type NodeSocketClass = new (url: string, protocols: string, options: object) => NodeSocket

export interface SocketListener {
  opened(): void
  text(data: unknown): void
  frame(frame: Heard): void
  lost(code: number, reason: string): void
  /** The upgrade was answered with this HTTP status, and maybe with when to come back. */
  answered(status: number, afterMs: number | undefined): void
}

const emitsEvents = (Class: SocketClass): boolean =>
  typeof (Class.prototype as { on?: unknown } | undefined)?.on === 'function'

/** `http://host` → `ws://host/v1/socket`. */
function socketUrl(url: string): URL {
  const at = new URL('v1/socket', url.endsWith('/') ? url : `${url}/`)
  at.protocol = at.protocol.replace(/^http/, 'ws')
  return at
}

export interface OpenSocket {
  send(text: string): void
  /** Closes it and hears nothing more from it. Resolves when it is gone. */
  drop(code: number): Promise<void>
}

/** Opens a socket. The token goes into the header where the class can do that (`ws`); browsers can only use the query. */
export function openSocket(
  Class: SocketClass,
  url: string,
  token: string,
  cursor: string | undefined,
  listener: SocketListener,
): OpenSocket {
  const at = socketUrl(url)
  if (cursor !== undefined) at.searchParams.set('cursor', cursor)
  let socket: SocketLike
  if (emitsEvents(Class)) {
    const options = { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false }
    const node = new (Class as unknown as NodeSocketClass)(at.href, subprotocol, options)
    node.on('unexpected-response', (request, { statusCode, headers }) => {
      detach()
      request.destroy()
      const after = Number(headers['retry-after'] ?? NaN) * 1000
      listener.answered(statusCode ?? 0, Number.isFinite(after) ? after : undefined)
    })
    socket = node
  } else {
    at.searchParams.set('token', token)
    socket = new Class(at.href, subprotocol)
  }
  const detach = () => {
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.onerror = () => {} // `ws` throws what nobody listens to
  }
  socket.onopen = () => listener.opened()
  socket.onmessage = ({ data }: { data: unknown }) => listener.text(data)
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
    detach()
    listener.lost(code, reason)
  }
  socket.onerror = () => {} // a close event follows, and says as much
  return {
    send: text => socket.send(text),
    drop: code => {
      detach()
      const gone = new Promise<void>(resolve => (socket.onclose = () => resolve()))
      socket.close(code, 'closed by the client')
      return gone
    },
  }
}
