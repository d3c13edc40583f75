// What a node says of itself to whoever asks.
import type { Address } from './address.ts'

/** The server version whose behaviour this store shows. */
export const VERSION = '23.10.6'

export interface NodeInfo {
  /** A UUID, new with every start. */
  instance: string
  hasUsers: boolean
  /** Where to connect to, for a client that has asked at this `host:port`. */
  addressFor(asked: string | undefined): Address
  /** Where the durable log ends. */
  logEnd(): number
}
