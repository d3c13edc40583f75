// The read models: folded from the feed into Postgres, asked through `Queries`.
import type pg from 'pg'
import { publishViews } from './analytics.ts'
import type { Projections } from './api.ts'
import { openDatabase } from './database.ts'
import { openFollower, readyModels } from './follower.ts'
import { migrate, versions, type Holds } from './migrate.ts'
import { openQueries } from './queries.ts'
import { openRunner } from './runner.ts'

export type * from './api.ts'
export type { Paged } from './page.ts'
export type { PresenceRow } from './presence-api.ts'
export type { LateRow } from './delivery-api.ts'
export type { Inboxes } from './inbox-api.ts'
export type { MediaGrantRow, MediaRow } from './media-api.ts'
export { asked, mostCharacters, openFinder, openSearchIndex } from './search/index.ts'
export type { Asked, Finder, Search, SearchIndex } from './search/index.ts'
export { amendmentOf, isAmending } from './amendment.ts'
export { isTransient } from './transient.ts'

interface ReadModelsOptions {
  readonly pool: pg.Pool
  /** The schema of the read models; only `read` has the analysts' views beside it. */
  readonly schema?: string
  /** The store that is followed. Read models of another one are dropped and made again from its whole log. */
  readonly epoch: string
  readonly log?: (line: string) => void
}

export interface ProjectionsOptions extends ReadModelsOptions {
  /** Asked of the last event that is folded: where it is not in the log, an older log was put back. */
  readonly holds: Holds
  /** Sets the password of the role `verbatim_analyst`. */
  readonly analystPassword?: string
}

/** Makes the tables ready. The feed is to start after `position()`, from the beginning where that is -1. */
export async function openProjections({
  pool,
  schema = 'read',
  epoch,
  holds,
  analystPassword,
  log = () => {},
}: ProjectionsOptions): Promise<Projections> {
  const onLost = (error: Error): void => log(`an idle database connection was lost: ${error.message}`)
  pool.on('error', onLost) // without a listener it would end the process
  const db = openDatabase(pool, schema)
  const at = await migrate(db, epoch, holds, log)
  if (schema === 'read') await publishViews(db, log, analystPassword)
  const runner = openRunner(db, { epoch, versions }, at, log)
  return {
    ...runner,
    queries: openQueries(db),
    async stop() {
      await runner.stop()
      pool.off('error', onLost)
    },
  }
}

/**
 * The read models as another process makes them: this one only asks, and knows how far they are. Waits until they are there;
 * `stopped` ends the waiting. The feed is to start after `position()`, as where they are made.
 */
export async function followProjections({
  pool,
  schema = 'read',
  epoch,
  log = () => {},
  stopped,
}: ReadModelsOptions & { readonly stopped: AbortSignal }): Promise<Projections> {
  const db = openDatabase(pool, schema)
  const at = await readyModels(db, { epoch, versions }, log, stopped)
  return { ...openFollower({ db, pool }, { epoch, versions }, at, log), queries: openQueries(db) }
}
