// HTTP/1.1: the pages, over connections that may be kept alive.
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { PATIENCE } from './door.ts'
import type { Pages } from './pages.ts'

export interface Http1 {
  accept(socket: Socket): void
  close(): void
}

export const speakHttp1 = (pages: Pages, patience = PATIENCE): Http1 => {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    const page = pages({ method, url, authority: headers.host })
    if (page.reason !== undefined) response.statusMessage = page.reason
    response.writeHead(page.status, page.headers).end(page.body)
  })
  // this server listens nowhere itself, and its timeouts for a request's head and body work only where it does
  server.timeout = patience
  server.keepAliveTimeout = patience
  return {
    accept: socket => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      server.emit('connection', socket)
    },
    // a page is answered as soon as it is asked for: what is open now is idle, or has its answer on the way
    close: () => {
      for (const socket of sockets) socket.destroySoon()
    },
  }
}
