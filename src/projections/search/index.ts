// Search: an index of keyed hashes beside the read models, and the questions put to it.
import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Pool } from 'pg'
import type { EventStore, Feed, Keyring, Position, SearchKeys } from '../../eventstore/index.ts'
import type { Projections } from '../api.ts'
import { openDatabase, type Db } from '../database.ts'
import { made, migrate, type Holds } from '../migrate.ts'
import { find, isMissing, type Found, type Search } from './find.ts'
import { startIndexer } from './indexer.ts'
import { deleteExpired, deleteKeyless, progressOf, said } from './said.ts'

export { asked, mostCharacters, type Asked } from './asked.ts'
export type { Search } from './find.ts'

const index = made('the search index', [said])

/** How often what is over is deleted; it is not found from the moment on when it is (milliseconds). */
const sweepMs = 4_000
/** How often what was sealed with keys that are gone is looked for, besides when that is told (milliseconds). */
const keylessMs = 60 * 60 * 1000
/** Questions that are looked for at once: they leave connections to the others. */
const mostAtOnce = 4
/** How often a question that waits for a position looks whether it is there (milliseconds). */
const waitMs = 25

export interface SearchParts {
  readonly pool: Pool
  readonly keys: SearchKeys
  readonly schema?: string
  /** The schema of the read models. */
  readonly read?: string
}

export interface Finder {
  /** What somebody may see of what was said with these words. Undefined: they never were in the conversation asked for. */
  find(user: string, search: Search): Promise<(Found & { readonly complete: boolean }) | undefined>
  /** Whether the index has got to a position, waiting at most that long (milliseconds). */
  reached(position: Position, withinMs: number): Promise<boolean>
}

const databases = ({ pool, schema = 'search', read = 'read' }: SearchParts) => ({
  db: openDatabase(pool, schema),
  main: openDatabase(pool, read),
})

/** Asks the index, wherever it is made; where that is here, it can be hurried. */
export function openFinder(parts: SearchParts, made?: { position(): Position; hurry(): void }): Finder {
  const { db, main } = databases(parts)
  const inTurn = pLimit(mostAtOnce)
  const progress = () =>
    progressOf(db).catch((error: unknown) => {
      if (isMissing(error)) return { complete: false, position: -1 }
      throw error
    })
  return {
    async find(user, search) {
      const { complete } = await progress()
      const found = await inTurn(() => find({ db, main }, parts.keys, user, search))
      return found && { ...found, complete }
    },
    async reached(asked, withinMs) {
      const until = performance.now() + withinMs
      while ((made?.position() ?? (await progress()).position) < asked) {
        if (performance.now() >= until) return false
        made?.hurry()
        await sleep(waitMs)
      }
      return true
    },
  }
}

export interface IndexParts extends SearchParts {
  readonly epoch: string
  readonly holds: Holds
  readonly store: Pick<EventStore, 'subscribe'>
  readonly feed: Pick<Feed, 'batches' | 'head'>
  readonly keyring: Pick<Keyring, 'open'>
  readonly projections: Pick<Projections, 'reached'>
  readonly log: (line: string) => void
}

export interface SearchIndex extends Finder {
  /** Everything up to here can be found; what is known and cannot be found yet is so many events. */
  position(): Position
  waiting(): number
  /** To be called when content keys (their ids) were destroyed: what was sealed with them goes. A pass finds what was missed. */
  forget(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Makes the index and keeps it: in one process, or in several that take turns. */
export async function openSearchIndex(parts: IndexParts): Promise<SearchIndex> {
  const { epoch, holds, log } = parts
  const dbs = databases(parts)
  const at = await migrate(dbs.db, epoch, holds, log, index)
  const provenance = { epoch, versions: index.versions }
  const indexer = startIndexer({ ...parts, ...dbs, provenance }, at)
  const sweeper = startSweeper(dbs.db, log)
  return {
    ...openFinder(parts, indexer),
    position: indexer.position,
    waiting: indexer.waiting,
    forget: async keys => void (await deleteKeyless(dbs.db, keys)),
    async close() {
      await sweeper.stop()
      await indexer.stop()
    },
  }
}

function startSweeper(db: Db, log: (line: string) => void) {
  let work: Promise<unknown> = Promise.resolve()
  let busy = false
  const doing = (sweep: () => Promise<unknown>) => {
    if (busy) return
    busy = true
    work = sweep()
      .catch((error: unknown) => log(`what is over could not be deleted from the search index: ${String(error)}`))
      .finally(() => (busy = false))
  }
  const timers = [
    setInterval(() => doing(() => deleteExpired(db)), sweepMs).unref(),
    setInterval(() => doing(() => deleteKeyless(db)), keylessMs).unref(),
  ]
  doing(() => deleteKeyless(db))
  return {
    async stop() {
      timers.forEach(timer => clearInterval(timer))
      await work
    },
  }
}
