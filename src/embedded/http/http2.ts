// HTTP/2: takes gRPC calls and routes them, and ends those still open as cancelled when it stops; the pages besides.
import { createServer } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2'
import type { Socket } from 'node:net'
import { absentMethod } from '../absent.ts'
import type { Access } from '../access.ts'
import { openCall, refuseCall } from '../calls/call.ts'
import type { Call } from '../calls/call.ts'
import type { Handler } from '../calls/routes.ts'
import { cancelled, unimplemented } from '../protocol/status.ts'
import type { Pages } from './pages.ts'

export interface Http2 {
  accept(socket: Socket): void
  /** What is open ends when the client has read it. */
  close(): void
}

export interface Http2Options {
  routes: ReadonlyMap<string, Handler>
  pages: Pages
  access: Access
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

export const speakHttp2 = ({ routes, pages, access, log }: Http2Options): Http2 => {
  const server = createServer(SETTINGS)
  const sessions = new Set<ServerHttp2Session>()
  const calls = new Set<Call>()

  server.on('session', session => {
    sessions.add(session)
    session.setLocalWindowSize(CONNECTION_WINDOW)
    session.on('error', () => undefined) // a connection that breaks ends its calls, and that is all
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    if (!headers['content-type']?.startsWith('application/grpc')) return answer(stream, headers, pages)
    const path = String(headers[':path'])
    const refusal = access(path, headers.authorization)
    if (refusal) return refuseCall(stream, refusal)
    const handler = routes.get(path)
    if (!handler) return refuseCall(stream, unimplemented(absentMethod(path)))
    const call = openCall(stream, headers, log)
    calls.add(call)
    call.onClose(() => calls.delete(call))
    call.guard(() => handler(call, headers))
  })

  return {
    accept: socket => void server.emit('connection', socket),
    close: () => {
      for (const call of calls) call.finish(cancelled())
      for (const session of sessions) session.close()
    },
  }
}

const answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, pages: Pages): void => {
  const { ':method': method = '', ':path': url = '', ':authority': authority = headers.host } = headers
  const page = pages({ method, url, authority })
  stream.on('error', () => undefined)
  stream.respond({ ':status': page.status, ...page.headers })
  stream.end(method === 'HEAD' ? undefined : page.body)
  stream.resume()
}
