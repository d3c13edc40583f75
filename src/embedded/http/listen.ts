// Listening where a host's name says: `localhost` is 127.0.0.1 to some clients and ::1 to others, so it is both here.
import { lookup } from 'node:dns/promises'
import type { AddressInfo, Server } from 'node:net'

type Resolve = (host: string) => Promise<readonly { address: string }[]>

const allOf: Resolve = host => lookup(host, { all: true })

/** A server for each of the host's addresses that this machine has, all on one port; 0 picks a free one. */
export const listenOn = async (
  host: string,
  port: number,
  create: () => Server,
  resolve: Resolve = allOf,
): Promise<Server[]> => {
  const addresses = new Set((await resolve(host)).map(({ address }) => address))
  const servers: Server[] = []
  let failure: unknown
  for (const address of addresses) {
    try {
      servers.push(await listen(create(), address, servers[0] ? portOf(servers[0]) : port))
    } catch (error) {
      failure = error
      if (isNotHere(error)) continue
      await Promise.all(servers.map(server => new Promise(closed => server.close(closed))))
      // the port that was free at one address is taken at another: have the next one picked
      if (port === 0 && servers.length > 0) return listenOn(host, port, create, resolve)
      throw error
    }
  }
  if (servers.length === 0) throw failure
  return servers
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** As ::1 is not where IPv6 is off, whatever /etc/hosts says. */
const isNotHere = (error: unknown): boolean =>
  ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')

const listen = (server: Server, host: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
