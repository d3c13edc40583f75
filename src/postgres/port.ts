// Ports: a free one, and what to do when the one that was chosen is taken before the server has it.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Did a start fail because the port was taken? Told by the server's log, in English by lc_messages=C. */
export function portWasTaken(log: string): boolean {
  return /could not bind .*Address already in use|could not create any TCP\/IP sockets/.test(log)
}
