// What a node can be told, and the refusal of what it cannot: by name, with what is accepted.
import { statSync } from 'node:fs'
import { inspect } from 'node:util'
import { problemOfUsers } from './access.ts'
import type { Users } from './access.ts'
import { parseAddress } from './address.ts'
import type { TlsFiles } from './tls.ts'

export interface EventStoreOptions {
  /** Where the log lives; made if it is not there. Needed unless `inMemory`. */
  dir?: string
  /** Keeps nothing: for tests. */
  inMemory?: boolean
  /** Default 127.0.0.1. A name is listened on at all of its addresses. */
  host?: string
  /** Default 0: any free one. */
  port?: number
  /** `host:port` under which clients reach this node, where that is not where it listens: gossip tells it. */
  advertise?: string
  /** Speak TLS, and nothing else, with this certificate. */
  tls?: TlsFiles
  /** Serve those alone, who may all do everything. Needs `tls`. */
  users?: Users
  /** One line each. Default: standard error. */
  log?: (line: string) => void
  /** A write failed, and the node cannot go on. Default: the process exits with code 1. */
  onFatal?: (error: unknown) => void
}

type Check = (value: unknown) => string | undefined

const must = (accepts: (value: unknown) => boolean, what: string): Check => {
  return value =>
    accepts(value) ? undefined : `must be ${what}, and is ${inspect(value, { depth: 0, breakLength: Infinity })}`
}
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isFunction = (value: unknown): boolean => typeof value === 'function'

const CHECKS: Record<keyof EventStoreOptions, Check> = {
  dir: value => must(isText, 'the path of a folder')(value) ?? problemOfFolder(value as string),
  inMemory: must(value => typeof value === 'boolean', 'true or false'),
  host: must(isText, 'a name or an IP address'),
  port: must(
    value => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
    'a port, from 0 to 65535',
  ),
  advertise: must(value => isText(value) && parseAddress(value) !== undefined, 'an address of the form host:port'),
  tls: value => (isFiles(value) ? undefined : 'must be the paths of two PEM files, { certificate, key }'), // not what is in them
  users: problemOfUsers,
  log: must(isFunction, 'a function'),
  onFatal: must(isFunction, 'a function'),
}

/** Throws an Error that says what is wrong. */
export const checkOptions = (options: EventStoreOptions): void => {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (!Object.hasOwn(CHECKS, name))
      throw new Error(`There is no option ${name}, only ${Object.keys(CHECKS).join(', ')}`)
    const problem = CHECKS[name as keyof EventStoreOptions](value)
    if (problem !== undefined) throw new Error(`The option ${name} ${problem}`)
  }
  const { dir, inMemory = false, tls, users } = options
  if (inMemory === (dir !== undefined))
    throw new Error('A node needs either a dir to keep events in or inMemory, which keeps none')
  // clients send credentials over TLS only, and without it they would be there to read
  if (users !== undefined && tls === undefined)
    throw new Error('The option users needs tls: without it clients send no names and passwords')
}

const problemOfFolder = (dir: string): string | undefined => {
  const found = statSync(dir, { throwIfNoEntry: false })
  return found && !found.isDirectory() ? `must be the path of a folder, and ${dir} is none` : undefined
}

const isPath = (value: unknown): boolean => isText(value) && !value.includes('\n')

const isFiles = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { certificate, key, ...rest } = value as Record<string, unknown>
  return isPath(certificate) && isPath(key) && Object.keys(rest).length === 0
}
