// Starts a node: storage, engine and server, put together.
import { randomUUID } from 'node:crypto'
import { accessOf } from './access.ts'
import { addressFor, urlOf } from './address.ts'
import { routes } from './calls/routes.ts'
import { openEventLog } from './engine/event-log.ts'
import { pagesOf } from './http/pages.ts'
import type { NodeInfo } from './node-info.ts'
import { checkOptions } from './options.ts'
import type { EventStoreOptions } from './options.ts'
import { startServer } from './server.ts'
import { openDiskStorage } from './storage/disk/disk-storage.ts'
import { memoryStorage } from './storage/memory.ts'
import { readCertificate } from './tls.ts'

export interface EventStore {
  /** For `EventStoreDBClient.connectionString`, on this machine. */
  url: string
  host: string
  port: number
  /** Ends open calls as CANCELLED, waits for the last write, closes the log. */
  close(): Promise<void>
}

export const startEventStore = async (options: EventStoreOptions = {}): Promise<EventStore> => {
  checkOptions(options)
  const { dir, host = '127.0.0.1', port = 0, advertise, tls, users, log = toStandardError } = options
  const certificate = tls && readCertificate(tls)
  const eventLog = openEventLog({
    storage: dir === undefined ? memoryStorage() : await openDiskStorage(dir, { log }),
    onFatal: error => {
      log(`embedded store: a write to ${dir ?? 'memory'} failed, nothing more is accepted: ${String(error)}`)
      if (options.onFatal) options.onFatal(error)
      else process.exit(1)
    },
  })
  const address = { host, port }
  const node: NodeInfo = {
    instance: randomUUID(),
    hasUsers: users !== undefined,
    addressFor: addressFor(address, advertise),
    logEnd: () => eventLog.end(),
  }
  const started = startServer({
    ...address,
    certificate,
    routes: routes(eventLog, node),
    pages: pagesOf(node),
    access: accessOf(users),
    log,
  })
  const server = await started.catch(async (error: unknown) => {
    await eventLog.close()
    throw error
  })
  address.port = server.port
  let closing: Promise<void> | undefined
  return {
    ...address,
    url: urlOf(address, tls !== undefined),
    close: () => (closing ??= server.close().then(() => eventLog.close())),
  }
}

const toStandardError = (line: string): void => void process.stderr.write(`${line}\n`)
