// Everything between a command and a read model, for real: an in-memory embedded store, Postgres, keyring, feed, projections.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { createCommands, openRetention, type Asker, type Commands } from '../../src/commands/index.ts'
import { startEventStore } from '../../src/embedded/index.ts'
import {
  connectEventStore,
  epochOf,
  openDueKeys,
  openKeyring,
  openSearchKeys,
  startFeed,
} from '../../src/eventstore/index.ts'
import type { EventStore, Feed, Keyring, RawEvent } from '../../src/eventstore/index.ts'
import { folderStore, openMedia, type Media } from '../../src/media/index.ts'
import { openProjections, openSearchIndex, type Projections, type SearchIndex } from '../../src/projections/index.ts'
import { freshDatabase } from './postgres.ts'

export interface Stack {
  readonly storeUrl: string
  readonly store: EventStore
  readonly pool: Pool
  readonly epoch: string
  readonly keyring: Keyring
  readonly feed: Feed
  readonly projections: Projections
  readonly commands: Commands
  readonly media: Media
  readonly search: SearchIndex
  readonly retention: ReturnType<typeof openRetention>
  /** The folder of the images. */
  readonly folder: string
}

const now = () => new Date().toISOString()
const fault = (error: unknown) => {
  throw error
}

/** A box: its own connection, feed and commands over a store and a database that others may share. */
export async function openBox(storeUrl: string, pool: Pool, masterKey: Buffer, schema = 'read') {
  const store = connectEventStore(storeUrl)
  const epoch = await epochOf(store, now)
  const keyring = await openKeyring(pool, masterKey, fault)
  const projections = await openProjections({ pool, epoch, schema, holds: store.holds })
  const blocks = await projections.queries.blocks()
  const feed = startFeed(store, projections.position() < 0 ? undefined : projections.position(), {
    onSetAside: fault,
    onLost: fault,
  })
  const { conversations, saidById: messages, saidIds, askedAbout, marks, acknowledged } = projections.queries
  const readSide = {
    conversations,
    messages,
    saidIds,
    askedAbout,
    marks,
    acknowledged,
    position: projections.position,
  }
  const folder = await mkdtemp(join(tmpdir(), 'verbatim-media-'))
  const incoming = join(folder, 'incoming')
  const blobs = folderStore(folder, incoming)
  const images = { blobs, incoming, mostBytes: 1_000_000, onFailed: fault }
  const media = await openMedia({ pool, keyring, projections, feed, ...images })
  const retention = openRetention({ keys: openDueKeys(pool), feed, readSide: projections.queries, log: fault })
  const sides = { readSide, mediaSide: media, retention }
  const commands = createCommands({ store, feed, keyring, ...sides, blocks, memberLimit: 1_024, now })
  projections.start(feed, fault)
  const keys = await openSearchKeys(pool, masterKey)
  const schemas = { read: schema, schema: schema === 'read' ? 'search' : `${schema}_search` }
  const search = await openSearchIndex({
    ...{ pool, keys, epoch, store, feed, keyring, projections, holds: store.holds, log: () => {} },
    ...schemas,
  })
  await feed.live
  const close = async () => {
    await search.close()
    feed.stop()
    await projections.stop()
    await store.close()
    await rm(folder, { recursive: true })
  }
  const parts = { store, pool, epoch, keyring, feed, projections, commands, media, retention, search }
  return { storeUrl, ...parts, folder, close }
}

/** A stack of this file's own. To be called at the file's top level. */
export function freshStack(): Stack & { readonly masterKey: Buffer } {
  const database = freshDatabase()
  const masterKey = randomBytes(32)
  let box: Awaited<ReturnType<typeof openBox>>
  let node: Awaited<ReturnType<typeof startEventStore>>
  beforeAll(async () => {
    node = await startEventStore({ inMemory: true })
    box = await openBox(node.url, database.pool, masterKey)
  })
  afterAll(async () => {
    await box.close()
    await node.close()
  })
  return new Proxy({} as Stack & { masterKey: Buffer }, {
    get: (_, name) => (name === 'masterKey' ? masterKey : box[name as keyof typeof box]),
  })
}

export const asker = (user: string, device = 'phone'): Asker => ({
  actor: { user, device, session: `session-of-${user}` },
  origin: 'user',
})

export async function readAll(store: EventStore, stream: string): Promise<RawEvent[]> {
  const events: RawEvent[] = []
  for await (const page of store.read(stream)) events.push(...page)
  return events
}
