// What can be asked about images; a part of api.ts.
import type { Position, Sealed } from '../eventstore/index.ts'

/** An image that is there. */
export interface MediaRow {
  readonly media: string
  readonly address: string
  /** The content key of its uploader, without which nobody opens it. */
  readonly key: string
}

/** What opens an image, from a message that names it; sealed in the place `grantPlace(message, media)`. */
export interface MediaGrantRow {
  readonly media: string
  readonly address: string
  readonly uploader: string
  readonly conversation: string
  readonly message: string
  readonly grant: Sealed
}

export interface MediaQueries {
  /** What opens these images, from messages that this person may see: one grant for each content key. */
  mediaSeenBy(user: string, media: readonly string[]): Promise<readonly MediaGrantRow[]>
  /** For what deletes images that nobody can see any more: all, a page after an id; those that need one of these keys. */
  allMedia(after: string | undefined, limit: number): Promise<readonly MediaRow[]>
  mediaOfKeys(keys: readonly string[]): Promise<readonly MediaRow[]>
  /** The content keys that grants are sealed with. Undefined: the tables are not as far as `asOf`, being made again. */
  grantKeys(media: readonly string[], asOf: Position): Promise<ReadonlyMap<string, readonly string[]> | undefined>
}
