// Search as a part of the app: the index is made where the read models are; others ask what is made there.
import type { Pool } from 'pg'
import { openSearchKeys, type EventStore, type Feed, type Keyring } from '../eventstore/index.ts'
import { openFinder, openSearchIndex, type Finder, type Projections, type SearchIndex } from '../projections/index.ts'
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

interface Searching {
  readonly finder: Finder
  /** Where it is made by this process. */
  readonly index?: SearchIndex
}

export async function openSearch(
  { opened }: Parts,
  made: boolean,
  masterKey: Buffer,
  around: Around,
): Promise<Searching> {
  const { pool, store } = around
  const keys = await openSearchKeys(pool, masterKey)
  if (!made) return { finder: openFinder({ pool, keys }) }
  const index = opened('search index', await openSearchIndex({ ...around, keys, holds: store.holds }))
  return { finder: index, index }
}
