// One port for HTTP/2 and HTTP/1.1, with and without TLS: finds out what a connection speaks and hands it over.
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate } from '../tls.ts'
import { listenOn, portOf } from './listen.ts'
import { sniff } from './sniff.ts'

export interface DoorOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  certificate?: Certificate | undefined
  /** How long a connection may take to show what it speaks, in ms. */
  patience?: number
  http2: (socket: Socket) => void
  http1: (socket: Socket) => void
}

export interface Door {
  port: number
  /** Lets nobody in any more, and waits until all are gone; who is not after `grace` ms is put out. */
  close(grace: number): Promise<void>
}

/** Silence, in ms, after which a connection that owes a request is closed. */
export const PATIENCE = 10_000

export const openDoor = async (options: DoorOptions): Promise<Door> => {
  const { host, port, certificate, patience = PATIENCE, http1, http2 } = options
  const sockets = new Set<Socket>()
  const undecided = new Set<Socket>()
  let open = true

  const decided = (socket: Socket, speak: (socket: Socket) => void): void =>
    void (open ? speak(socket) : socket.destroy())

  const plain = (): Server =>
    createServer({ noDelay: true }, socket => {
      undecided.add(socket)
      sniff(socket, patience, isHttp2 => {
        undecided.delete(socket)
        decided(socket, isHttp2 ? http2 : http1)
      })
    })
  // not http2's own secure server: to serve HTTP/1.1 too it wraps every stream of every call in a request and a response
  const encrypted = (pair: Certificate): Server => {
    const tls = { ...pair, ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: patience, noDelay: true }
    return createTlsServer(tls, socket => decided(socket, socket.alpnProtocol === 'h2' ? http2 : http1)).on(
      'tlsClientError', // no handshake, or none in time
      (_, socket) => socket.destroy(),
    )
  }

  const servers = await listenOn(host, port, () =>
    (certificate ? encrypted(certificate) : plain()).on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => [sockets, undecided].forEach(set => set.delete(socket)))
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
