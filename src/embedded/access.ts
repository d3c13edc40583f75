// Who may call: anyone where no users are configured, else who shows the name and password of one, for everything.
import { createHash, timingSafeEqual } from 'node:crypto'
import { accessDenied, unauthenticated } from './protocol/status.ts'
import type { CallFailed } from './protocol/status.ts'

/** Names and their passwords. */
export type Users = Readonly<Record<string, string>>

/** Undefined where the call may go on. */
export type Access = (path: string, authorization: string | undefined) => CallFailed | undefined

/** A client asks these before it has anything to show, and never shows anything with them. */
const ANONYMOUS: ReadonlySet<string> = new Set([
  '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
  '/event_store.client.gossip.Gossip/Read',
])

export const accessOf = (users: Users | undefined): Access => {
  if (users === undefined) return () => undefined
  const known = Object.entries(users).map(([name, password]) => digest(`${name}:${password}`))
  return (path, authorization) => {
    if (ANONYMOUS.has(path)) return undefined
    if (authorization === undefined) return accessDenied()
    const shown = digest(credentialsIn(authorization))
    // all are compared, each in constant time: how long it takes tells nothing
    const matches = known.filter(one => timingSafeEqual(one, shown))
    return matches.length > 0 ? undefined : unauthenticated('No user of this store has that name and password')
  }
}

/** RFC 7617: `Basic`, and name:password in base64. Anything else is nobody's. */
const credentialsIn = (authorization: string): Buffer =>
  Buffer.from(/^basic +([\w+/]+=*) *$/i.exec(authorization)?.[1] ?? '', 'base64')

const digest = (credentials: string | Buffer): Buffer => createHash('sha256').update(credentials).digest()

/** What is wrong with these users, in words that tell no password. */
export const problemOfUsers = (users: unknown): string | undefined => {
  if (typeof users !== 'object' || users === null || Array.isArray(users))
    return 'must be names and their passwords, like {"admin": "changeit"}'
  const entries: [string, unknown][] = Object.entries(users)
  if (entries.length === 0) return 'names nobody, so nobody could call; leave it out to let everybody'
  for (const [name, password] of entries) {
    // a name ends at the first colon (RFC 7617)
    if (name === '' || name.includes(':')) return `has the name '${name}'; a name is not empty and has no colon`
    if (typeof password !== 'string' || password === '') return `gives '${name}' no password; it must be a text`
  }
  return undefined
}
