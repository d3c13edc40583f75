// The command line of a node: its arguments, its one line when it is ready, and how it stops.
import { parseArgs } from 'node:util'
import { parseAddress } from './address.ts'
import { startEventStore } from './event-store.ts'
import type { EventStore } from './event-store.ts'
import { backupCommand, checkCommand } from './maintenance.ts'
import type { EventStoreOptions } from './options.ts'
import { readUsersFile } from './users-file.ts'

const USAGE =
  'usage: --dir FOLDER --port PORT [--host HOST] [--advertise HOST:PORT] ' +
  '[--certificate FILE --private-key FILE [--users FILE]] [--with-parent]'

export interface StoreArguments {
  options: EventStoreOptions
  usersFile: string | undefined
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
      certificate: { type: 'string' },
      'private-key': { type: 'string' },
      users: { type: 'string' },
      'with-parent': { type: 'boolean', default: false },
    },
  })
  const { dir, port, host, advertise, certificate, 'private-key': key, users: usersFile } = values
  if (dir === undefined || dir === '') throw new Error('--dir is missing')
  if (port === undefined) throw new Error('--port is missing')
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`--port '${port}' is not a port`)
  if (advertise !== undefined && !parseAddress(advertise))
    throw new Error(`--advertise '${advertise}' is not an address of the form host:port`)
  if ((certificate === undefined) !== (key === undefined))
    throw new Error('--certificate and --private-key go together')
  if (usersFile !== undefined && certificate === undefined)
    throw new Error('--users needs --certificate and --private-key: without TLS clients send no names and passwords')
  const options: EventStoreOptions = { dir, port: Number(port) }
  if (host !== undefined) options.host = host
  if (advertise !== undefined) options.advertise = advertise
  if (certificate !== undefined && key !== undefined) options.tls = { certificate, key }
  return { options, usersFile, withParent: values['with-parent'] }
}

const maintenance = new Map<string | undefined, (argv: readonly string[]) => string | Promise<string>>([
  ['check', checkCommand],
  ['backup', backupCommand],
])

/** `check …`, `backup …`, or the arguments of a node. Resolves with the process's exit code, and never rejects. */
export const runStoreCommand = async (argv: readonly string[]): Promise<number> => {
  const [name, ...rest] = argv
  const command = maintenance.get(name)
  if (!command) return runNode(argv)
  try {
    process.stdout.write(`${await command(rest)}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`store ${name}: ${oneLine(error)}\n`)
    return 1
  }
}

/** Runs a node until it is told to stop. */
const runNode = async (argv: readonly string[]): Promise<number> => {
  let stop = (): void => undefined
  const stopped = new Promise<void>(resolve => (stop = resolve))
  let store: EventStore
  let hint = ` (${USAGE})`
  try {
    const { options, usersFile, withParent } = parseStoreArguments(argv)
    hint = ''
    if (usersFile !== undefined) options.users = readUsersFile(usersFile, line => process.stderr.write(`${line}\n`))
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
  try {
    await store.close()
    return 0
  } catch (error) {
    process.stderr.write(`embedded store: stopped, but ${oneLine(error)}\n`)
    return 1
  }
}

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ')
