// What the parts of the contract share: the store under test, names that nobody has used, events, and what came back.
import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import type {
  AppendResult,
  AppendToStreamOptions,
  EventData,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  RecordedEvent,
  ResolvedEvent,
} from '@eventstore/db-client'
import { read } from './reading.ts'

export interface OpenStore {
  url: string
  close(): Promise<void>
}

/** The store under test, once it is open. */
export interface Store {
  url(): string
  client(): EventStoreDBClient
  append(stream: string, what: EventData | EventData[], options?: AppendToStreamOptions): Promise<AppendResult>
  read(stream: string, options?: ReadStreamOptions): Promise<ResolvedEvent[]>
  readAll(options?: ReadAllOptions): Promise<ResolvedEvent[]>
  open(): Promise<void>
  close(): Promise<void>
}

export const storeUnderTest = (open: () => Promise<OpenStore>): Store => {
  let store: OpenStore
  let client: EventStoreDBClient
  return {
    url: () => store.url,
    client: () => client,
    append: (stream, what, options) => client.appendToStream(stream, what, options),
    read: (stream, options) => read(client.readStream(stream, options)),
    readAll: options => read(client.readAll(options)),
    open: async () => {
      store = await open()
      client = EventStoreDBClient.connectionString(store.url)
    },
    close: async () => {
      await client.dispose()
      await store.close()
    },
  }
}

/** A name no other run has used: a real server is not empty. */
export const fresh = (prefix = 'room'): string => `${prefix}-${randomUUID()}`

export const event = (n: number, type = 'Said'): EventData => jsonEvent({ type, data: { n } })
export const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)
export const events = (count: number): EventData[] => numbers(count).map(n => event(n))

export const dataOf = (found: ResolvedEvent[]): unknown[] => found.map(({ event: e }) => (e?.data as { n: number }).n)
export const revisionsOf = (found: ResolvedEvent[]): number[] => found.map(({ event: e }) => Number(e?.revision))
export const idsOf = (found: ResolvedEvent[]): string[] => found.map(({ event: e }) => e!.id)

/** The events of these streams, out of everybody's. */
export const of = (streams: string[], found: ResolvedEvent[]): RecordedEvent[] =>
  found.flatMap(({ event: e, link }) => (e && streams.includes((link ?? e).streamId) ? [e] : []))

/** Where an append ended: what is written after it comes after this. */
export const positionOf = ({ position }: AppendResult): Position => position!

// the client uses the Append call where credentials are given, and BatchAppend everywhere else
export const ways: [way: string, options: AppendToStreamOptions][] = [
  ['BatchAppend', {}],
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
]
