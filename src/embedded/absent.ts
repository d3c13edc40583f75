// What an EventStoreDB server has and this store has not, by the names clients ask for it: gRPC's and HTTP's.

interface Absent {
  what: string
  service?: string
  path: string
}

const ABSENT: readonly Absent[] = [
  { what: 'persistent subscriptions', service: 'persistent_subscriptions', path: '/subscriptions' },
  { what: 'projections', service: 'projections', path: '/projections' },
  { what: 'user management', service: 'users', path: '/users' },
  { what: 'operations', service: 'operations', path: '/admin' },
  { what: 'statistics', service: 'monitoring', path: '/stats' },
  { what: 'AtomPub', path: '/streams' },
]

const messageOf = (name: string, absent: Absent | undefined): string =>
  `${name} is not implemented by the embedded store${absent ? `: for ${absent.what}, run an EventStoreDB server` : ''}`

/** What to say of a gRPC method that nobody serves. */
export const absentMethod = (method: string): string =>
  messageOf(
    method,
    ABSENT.find(({ service }) => method.startsWith(`/event_store.client.${service}.`)),
  )

/** What to say of an HTTP path that a server would serve: the official client asks some things there. */
export const absentPath = (path: string): string | undefined => {
  const absent = ABSENT.find(known => path === known.path || path.startsWith(`${known.path}/`))
  return absent && messageOf(absent.path, absent)
}
