// Images: taken in, sealed, kept in a store, shown to who may see them, deleted when nobody can.
import { mkdir } from 'node:fs/promises'
import type { Pool } from 'pg'
import type { Commands } from '../commands/index.ts'
import type { Feed, Keyring } from '../eventstore/index.ts'
import type { Projections } from '../projections/index.ts'
import { openAccess } from './access.ts'
import { startCollector, type Collector } from './collector.ts'
import { openLibrary } from './library.ts'
import type { BlobStore } from './store.ts'
import { openUploads } from './uploads.ts'

export { folderStore } from './folder.ts'
export type { Found } from './library.ts'
export { UploaderGone } from './receiving.ts'
export { MediaStoreFailed } from './store.ts'

export interface MediaParts {
  readonly pool: Pool
  readonly keyring: Keyring
  readonly projections: Projections
  readonly feed: Feed
  readonly blobs: BlobStore
  /** The folder in which uploads are until they are whole. */
  readonly incoming: string
  /** Bytes that an image may have. */
  readonly mostBytes: number
  /** The store, or something else, did not do what was asked of it in passing. */
  readonly onFailed: (error: Error) => void
}

export interface Media extends ReturnType<typeof openLibrary> {
  /** What opens images for messages that name them: the commands' side. */
  readonly grants: ReturnType<typeof openAccess>['grants']
  /** Begins to delete what nobody can see any more. `withinMs`: how long an upload waits for a message that names it. */
  collect(commands: Pick<Commands, 'discardMedia'>, withinMs?: number): Collector
}

export async function openMedia(parts: MediaParts): Promise<Media> {
  const { pool, keyring, projections, feed, blobs, incoming, mostBytes, onFailed } = parts
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  const uploads = await openUploads(pool)
  blobs.names('probe').catch(onFailed) // a bucket that is not there or not ours is told at once; all else works without
  const access = openAccess({ uploads, keyring, projections, feed })
  return {
    ...openLibrary({ blobs, uploads, access, keyring, incoming, mostBytes, onFailed }),
    grants: access.grants,
    collect: (commands, withinMs) =>
      startCollector({ blobs, uploads, incoming, projections, feed, commands, onFailed }, withinMs),
  }
}
