// The HTTP/2 server: takes gRPC calls, routes them, and ends those still open as cancelled when it stops.
import { createServer } from 'node:http2'
import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { openCall, refuseCall } from './calls/call.ts'
import type { Call } from './calls/call.ts'
import type { Handler } from './calls/routes.ts'
import { cancelled, unimplemented } from './protocol/status.ts'

export interface GrpcServer {
  port: number
  close(): Promise<void>
}

export interface GrpcServerOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  /** Asked for once the port is known, which is before the first call. */
  routes: (port: number) => ReadonlyMap<string, Handler>
  log: (line: string) => void
}

// windows wide enough that a client's appends are never held up by ours: 4 MiB a stream, 16 MiB a connection
const STREAM_WINDOW = 4 * 1024 * 1024
const CONNECTION_WINDOW = 16 * 1024 * 1024
const SETTINGS: ServerOptions & { streamResetBurst: number; streamResetRate: number } = {
  settings: { initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 100_000 },
  // A client resets a stream for every subscription it ends and every read it breaks off. By default a thousand at once,
  // then 33 a second, end its connection (measured); node 20 has that limit and not yet these options.
  streamResetBurst: 1_000_000,
  streamResetRate: 1_000_000,
  maxSessionMemory: 1024, // MB: a slow subscriber is held back by its own window, not by the session's end
}

/** How long clients may take, on stopping, to read what is under way. */
const GRACE = 1000

export const startGrpcServer = async ({ host, port, routes, log }: GrpcServerOptions): Promise<GrpcServer> => {
  const server = createServer(SETTINGS)
  const sessions = new Set<ServerHttp2Session>()
  const calls = new Set<Call>()
  let handlers: ReadonlyMap<string, Handler> = new Map()

  server.on('session', session => {
    sessions.add(session)
    session.setLocalWindowSize(CONNECTION_WINDOW)
    session.on('error', () => undefined) // a connection that breaks ends its calls, and that is all
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path'])
    const handler = handlers.get(path)
    if (!handler) return refuseCall(stream, unimplemented(path))
    const call = openCall(stream, headers, log)
    calls.add(call)
    call.onClose(() => calls.delete(call))
    call.guard(() => handler(call))
  })

  const bound = await listen(server, host, port)
  handlers = routes(bound)
  return {
    port: bound,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const call of calls) call.finish(cancelled())
      for (const session of sessions) session.close()
      const timer = setTimeout(() => {
        for (const session of sessions) session.destroy()
      }, GRACE)
      await closed
      clearTimeout(timer)
    },
  }
}

const listen = (server: Http2Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
