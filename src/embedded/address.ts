// Where a node is: as clients write it, as they are told it, and in its connection string.

export interface Address {
  /** A name or an IP address; of IPv6 in brackets, since clients put `:port` behind it as it is. */
  host: string
  port: number
}

/** `host:port`, the host of an IPv6 address in brackets; undefined where it is none. */
export const parseAddress = (text: string): Address | undefined => {
  const parts = /^(\[[\da-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i.exec(text)
  const port = Number(parts?.[2])
  return parts && port >= 1 && port <= 65_535 ? { host: parts[1]!, port } : undefined
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Listening on every interface, which is nowhere to connect to. */
const isEverywhere = (host: string): boolean => host === '::' || /^0(\.0){0,3}$/.test(host)

const LOOPBACK = '127.0.0.1'

/**
 * Where to tell clients that this node is. The one that asks has reached it under some address, through whatever maps
 * ports or names in between, so a node that listens everywhere and was told no better answers with that one.
 */
export const addressFor = (listening: Address, advertise: string | undefined) => {
  const advertised = advertise === undefined ? undefined : parseAddress(advertise)
  return (asked: string | undefined): Address => {
    if (advertised) return advertised
    const { host, port } = listening
    if (!isEverywhere(host)) return { host: bracketed(host), port }
    return parseAddress(asked ?? '') ?? { host: LOOPBACK, port }
  }
}

/** For clients on this machine. */
export const urlOf = ({ host, port }: Address, tls: boolean): string =>
  `esdb://${isEverywhere(host) ? LOOPBACK : bracketed(host)}:${port}?tls=${tls}`
