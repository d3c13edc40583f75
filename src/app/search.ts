// Search as a part of the app: the index is made where the read models are; others ask what is made there.
import type { Pool } from 'pg'
import { openSearchKeys, type EventStore, type Feed, type Keyring } from '../eventstore/index.ts'
import { openFinder, openSearchIndex, type Finder, type Projections } from '../projections/index.ts'
import type { Parts } from './parts.ts'

interface Around {
  readonly pool: Pool
  readonly store: EventStore
  readonly epoch: string
  readonly feed: Feed
  readonly keyring: Keyring
  readonly projections: Projections
  readonly log: (line: string) => void
}

export async function openSearch({ opened }: Parts, made: boolean, masterKey: Buffer, around: Around): Promise<Finder> {
  const { pool, store } = around
  const keys = await openSearchKeys(pool, masterKey)
  if (!made) return openFinder({ pool, keys })
  return opened('search index', await openSearchIndex({ ...around, keys, holds: store.holds }))
}
