// The embedded store's whole surface: start a node here, in a child process, or from a command line.
export { startEventStore } from './event-store.ts'
export type { EventStore } from './event-store.ts'
export type { EventStoreOptions } from './options.ts'
export type { TlsFiles } from './tls.ts'
export type { Users } from './access.ts'
export { startEventStoreProcess } from './child.ts'
export type { EventStoreProcess, EventStoreProcessOptions } from './child.ts'
export { runStoreCommand } from './command.ts'
