// The two engines: those that URLs name, or embedded ones as child processes of this one.
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { startEventStoreProcess } from '../embedded/index.ts'
import { startPostgres } from '../postgres/index.ts'
import type { Parts } from './parts.ts'

/** Engines end in an orderly way, or are ended by who started them, in this time (milliseconds). */
const engineMs = 30_000

export async function startEngines(
  { dataDir, eventStoreUrl, databaseUrl }: Config,
  { opened }: Parts,
  log: Logger,
  onFault: (error: Error) => void,
): Promise<{ storeUrl: string; databaseUrl: string }> {
  const onExit = (reason: string) => onFault(new Error(reason))
  const [store, database] = await Promise.allSettled([
    eventStoreUrl ??
      startEventStoreProcess({ dir: join(dataDir, 'store'), onExit, log: line => log.warn(line) }).then(
        child => opened('store', child, engineMs).url,
      ),
    databaseUrl ??
      startPostgres({ dir: join(dataDir, 'postgres'), onExit, log: line => log.info(line) }).then(
        server => opened('database', server, engineMs).url,
      ),
  ])
  // settled, not raced: what has started is to be closed
  if (store.status === 'rejected') throw store.reason
  if (database.status === 'rejected') throw database.reason
  return { storeUrl: store.value, databaseUrl: database.value }
}
