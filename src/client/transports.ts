// The ways to a server: which one `connect` begins with, and how each is opened.
import { http, tokenOf } from './http.ts'
import type { LinkOwner, LinkSettings } from './link.ts'
import type { ConnectOptions } from './options.ts'
import { openPolling } from './polling.ts'
import { openSocket } from './socket.ts'
import type { SocketClass } from './socket.ts'

/** How long it is waited for an answer that only says that there is one (milliseconds). */
const reachableMs = 5_000

type Transports = Pick<LinkOwner, 'reachable'> & {
  open(...of: [...Parameters<LinkOwner['open']>, cursor: () => string | undefined]): ReturnType<LinkOwner['open']>
  readonly settings: LinkSettings
  /** Nothing is asked any more. */
  stop(): void
}

/** Throws where a socket is asked for and there is no class for it. */
export function transports(options: ConnectOptions): Transports {
  const { url, token, fetch, transport = 'auto', patienceMs = 20_000, trySocketAfterMs = 30_000 } = options
  const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket
  if (transport === 'socket' && !WebSocket)
    throw new TypeError('there is no global WebSocket here: pass one, e.g. connect({ WebSocket }) of "ws"')
  const bySocket = WebSocket && transport !== 'poll' ? WebSocket : undefined
  const requests = http(options)
  const anonymous = http({ url, fetch })
  const over = new AbortController()

  return {
    settings: {
      ways:
        bySocket && transport === 'auto'
          ? { is: 'socket', failed: 0, climbed: 0 }
          : { is: 'fixed', way: bySocket ? 'socket' : 'poll' },
      patienceMs,
      trySocketAfterMs,
    },
    async open(way, listener, wanted, cursor) {
      if (way === 'poll' || !bySocket) return openPolling(requests, listener)
      const asking = (await tokenOf(token)) ?? ''
      return wanted() ? openSocket(bySocket, url, asking, cursor(), listener) : undefined
    },
    async reachable() {
      const asking = new AbortController()
      const stop = () => asking.abort()
      const late = setTimeout(stop, reachableMs)
      over.signal.addEventListener('abort', stop)
      try {
        await (await anonymous.open('GET', 'healthz', {}, undefined, asking.signal)).text()
        return true
      } catch {
        return false
      } finally {
        clearTimeout(late)
        over.signal.removeEventListener('abort', stop)
      }
    },
    stop: () => over.abort(),
  }
}
