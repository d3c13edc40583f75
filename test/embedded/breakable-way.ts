// A way to a node that breaks in the middle of whatever goes over it.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface BreakableWay {
  url: string
  /** Ends the connection when so many more bytes have come over it. A new one can be made. */
  cutAfter(bytes: number): void
}

export const breakableWay = async (port: number): Promise<BreakableWay> => {
  let left = Infinity
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const node = connect(port, '127.0.0.1')
    for (const end of [client, node]) sockets.add(end.on('error', () => undefined))
    client.on('close', () => node.destroy()).pipe(node)
    node.on('close', () => client.destroy())
    node.on('data', (bytes: Buffer) => {
      client.write(bytes.subarray(0, left))
      left -= bytes.length
      if (left > 0) return
      left = Infinity
      node.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `esdb://127.0.0.1:${(server.address() as AddressInfo).port}?tls=false`,
    cutAfter: bytes => void (left = bytes),
  }
}
