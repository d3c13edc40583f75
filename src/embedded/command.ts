// The command line of a node: its arguments, its one line when it is ready, and how it stops.
import { parseArgs } from 'node:util'
import { parseAddress, startEventStore } from './event-store.ts'
import type { EventStore, EventStoreOptions } from './event-store.ts'

const USAGE = 'usage: --dir FOLDER --port PORT [--host HOST] [--advertise HOST:PORT] [--with-parent]'

export interface StoreArguments {
  options: EventStoreOptions
  /** Stop when standard input ends: it does when the parent is gone, however it went. */
  withParent: boolean
}

/** Throws an Error whose message says what is wrong with the arguments. */
export const parseStoreArguments = (argv: readonly string[]): StoreArguments => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dir: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      advertise: { type: 'string' },
      'with-parent': { type: 'boolean', default: false },
    },
  })
  const { dir, port, host, advertise } = values
  if (dir === undefined || dir === '') throw new Error('--dir is missing')
  if (port === undefined) throw new Error('--port is missing')
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`--port '${port}' is not a port`)
  if (advertise !== undefined) parseAddress(advertise)
  const options: EventStoreOptions = { dir, port: Number(port) }
  if (host !== undefined) options.host = host
  if (advertise !== undefined) options.advertise = advertise
  return { options, withParent: values['with-parent'] }
}

/** Runs a node until it is told to stop; resolves with the process's exit code, and never rejects. */
export const runStoreCommand = async (argv: readonly string[]): Promise<number> => {
  let stop = (): void => undefined
  const stopped = new Promise<void>(resolve => (stop = resolve))
  let store: EventStore
  let hint = ` (${USAGE})`
  try {
    const { options, withParent } = parseStoreArguments(argv)
    hint = ''
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    if (withParent) process.stdin.on('error', stop).on('end', stop).on('close', stop).resume()
    store = await startEventStore(options)
  } catch (error) {
    process.stderr.write(`embedded store: ${oneLine(error)}${hint}\n`)
    return 1
  }
  process.stdout.write(`ready ${store.url}\n`)
  await stopped
  await store.close()
  return 0
}

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ')
