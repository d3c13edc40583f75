// A TCP proxy as they stand between people and servers: it lets HTTP through, and does to sockets what it is told.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** `refuse`: answers 403. `swallow`: no answer, ever. A number: cuts the socket after so many bytes from the server. */
export type ToSockets = 'pass' | 'refuse' | 'swallow' | number

export interface Proxy {
  readonly url: string
  toSockets: ToSockets
  /** Upgrades that were asked for. */
  readonly upgrades: () => number
  /** Cuts all that is open, requests too. */
  cut(): void
  close(): Promise<void>
}

const isUpgrade = (head: string) => /^upgrade:\s*websocket/im.test(head)

export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let upgrades = 0

  const keep = (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy())
  }
  const pass = (socket: Socket, head: Buffer, most = Infinity) => {
    const server = connect(Number(port), hostname)
    keep(server)
    server.write(head)
    let left = most
    server.on('data', data => {
      socket.write(data.subarray(0, left))
      left -= data.length
      if (left <= 0) socket.destroy()
    })
    socket.on('data', data => server.write(data))
    server.on('close', () => socket.destroy())
    socket.on('close', () => server.destroy())
  }
  const tcp = createServer(socket => {
    keep(socket)
    socket.once('data', head => {
      if (!isUpgrade(head.toString())) return pass(socket, head)
      upgrades++
      const { toSockets } = proxy
      if (toSockets === 'refuse') return socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
      if (toSockets !== 'swallow') pass(socket, head, toSockets === 'pass' ? Infinity : toSockets)
    })
  })
  const cut = () => open.forEach(socket => socket.destroy())
  await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve))
  const proxy: Proxy = {
    url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`,
    toSockets: 'pass',
    upgrades: () => upgrades,
    cut,
    close: async () => {
      const closed = new Promise(resolve => tcp.close(resolve))
      cut()
      await closed
    },
  }
  return proxy
}
