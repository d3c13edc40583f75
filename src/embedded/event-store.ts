// Starts a node: storage, engine and server, put together.
import { randomUUID } from 'node:crypto'
import { routes } from './calls/routes.ts'
import { openEventLog } from './engine/event-log.ts'
import { openDiskStorage } from './storage/disk/disk-storage.ts'
import { memoryStorage } from './storage/memory.ts'
import { startGrpcServer } from './server.ts'

export interface EventStoreOptions {
  /** Where the log lives; made if it is not there. Needed unless `inMemory`. */
  dir?: string
  /** Keeps nothing: for tests. */
  inMemory?: boolean
  /** Default 127.0.0.1. */
  host?: string
  /** Default 0: any free one. */
  port?: number
  /** `host:port` under which clients reach this node, where that is not where it listens: gossip tells it. */
  advertise?: string
  /** One line each. Default: standard error. */
  log?: (line: string) => void
  /** A write failed, and the node cannot go on. Default: the process exits with code 1. */
  onFatal?: (error: unknown) => void
}

export interface EventStore {
  /** For `EventStoreDBClient.connectionString`. */
  url: string
  host: string
  port: number
  /** Ends open calls as CANCELLED, waits for the last write, closes the log. */
  close(): Promise<void>
}

export const startEventStore = async (options: EventStoreOptions = {}): Promise<EventStore> => {
  const { dir, inMemory = false, host = '127.0.0.1', port = 0, advertise, log = toStandardError } = options
  if (!inMemory && dir === undefined) throw new Error('startEventStore needs a dir to keep events in, or inMemory')
  const storage = dir === undefined || inMemory ? memoryStorage() : await openDiskStorage(dir, { log })
  const eventLog = openEventLog({
    storage,
    onFatal: error => {
      log(`embedded store: a write to ${dir ?? 'memory'} failed, nothing more is accepted: ${String(error)}`)
      if (options.onFatal) options.onFatal(error)
      else process.exit(1)
    },
  })
  const address = (bound: number) => parseAddress(advertise ?? `${host.includes(':') ? `[${host}]` : host}:${bound}`)
  const started = startGrpcServer({
    host,
    port,
    log,
    routes: bound => routes(eventLog, { instance: randomUUID(), ...address(bound) }),
  })
  const server = await started.catch(async (error: unknown) => {
    await eventLog.close()
    throw error
  })
  let closing: Promise<void> | undefined
  return {
    url: `esdb://${host.includes(':') ? `[${host}]` : host}:${server.port}?tls=false`,
    host,
    port: server.port,
    close: () => (closing ??= server.close().then(() => eventLog.close())),
  }
}

const toStandardError = (line: string): void => void process.stderr.write(`${line}\n`)

/** `host:port`, the host of an IPv6 address in brackets. */
export const parseAddress = (text: string): { host: string; port: number } => {
  const parts = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text)
  const port = Number(parts?.[3])
  if (!parts || port < 1 || port > 65_535) throw new Error(`'${text}' is not an address of the form host:port`)
  return { host: parts[1] ?? parts[2]!, port }
}
