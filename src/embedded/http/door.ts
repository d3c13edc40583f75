// One port for HTTP/2 and HTTP/1.1, with and without TLS: finds out what a connection speaks and hands it over.
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../tls.ts'
import { listenOn, portOf } from './listen.ts'

export interface DoorOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  certificate?: Certificate | undefined
  http2: (socket: Socket) => void
  http1: (socket: Socket) => void
}

export interface Door {
  port: number
  /** Lets nobody in any more, and waits until all are gone; who is not after `grace` ms is put out. */
  close(grace: number): Promise<void>
}

/** How long a connection may take to show what it speaks, in ms. */
export const PATIENCE = 10_000

export const openDoor = async ({ host, port, certificate, http1, http2 }: DoorOptions): Promise<Door> => {
  const sockets = new Set<Socket>()
  const undecided = new Set<Socket>()
  let open = true

  const decided = (socket: Socket, speak: (socket: Socket) => void): void =>
    void (open ? speak(socket) : socket.destroy())

  const plain = (): Server =>
    createServer({ noDelay: true }, socket => {
      undecided.add(socket)
      sniff(socket, isHttp2 => {
        undecided.delete(socket)
        if (isHttp2 !== undefined) decided(socket, isHttp2 ? http2 : http1)
      })
    })
  // not http2's own secure server: to serve HTTP/1.1 too it wraps every stream of every call in a request and a response
  const encrypted = (pair: Certificate): Server =>
    createTlsServer({ ...pair, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: PATIENCE, noDelay: true }, socket =>
      decided(socket, socket.alpnProtocol === 'h2' ? http2 : http1),
    )

  const servers = await listenOn(host, port, () =>
    (certificate ? encrypted(certificate) : plain()).on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }),
  )
  return {
    port: portOf(servers[0]!),
    close: async grace => {
      open = false
      const closed = servers.map(server => new Promise(resolve => server.close(resolve)))
      for (const socket of undecided) socket.destroy()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, grace)
      await Promise.all(closed)
      clearTimeout(timer)
    },
  }
}

/** The first bytes of every HTTP/2 connection (RFC 9113, 3.4): made so that no HTTP/1.1 request begins with them. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Tells whether the peer speaks HTTP/2, with what was read put back; undefined where it went away or took too long. */
const sniff = (socket: Socket, tell: (isHttp2: boolean | undefined) => void): void => {
  let seen: Buffer = Buffer.alloc(0)
  const look = (): void => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return
    seen = Buffer.concat([seen, bytes])
    const isPreface = seen.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, seen.length))
    if (isPreface && seen.length < PREFACE.length) return
    socket.off('readable', look).off('close', gone)
    clearTimeout(timer)
    socket.unshift(seen)
    tell(isPreface)
  }
  const gone = (): void => {
    clearTimeout(timer)
    tell(undefined)
  }
  const timer = setTimeout(() => socket.destroy(), PATIENCE)
  socket.on('error', () => undefined) // `close` says all
  socket.on('readable', look).on('close', gone)
}
