// Who may open which image: its uploader while no message names it, and whoever may see a message that does.
import { grantPlace, type Feed, type Keyring, type Sealed } from '../eventstore/index.ts'
import type { MediaGrantRow, Projections } from '../projections/index.ts'
import type { Uploads } from './uploads.ts'

/** Where an image's sealed bytes are, and what opens them, sealed with its uploader's content key. */
export interface Way {
  readonly address: string
  readonly grant: Sealed
}

/** Grants are sealed by the keyring as contents are, in a place of their own: with it go all of an uploader's at once. */
const place = 'media'
/** How long a message that was pushed may take to be in the read models (milliseconds). */
const patience = 2_000

export interface AccessParts {
  readonly uploads: Uploads
  readonly keyring: Keyring
  readonly projections: Pick<Projections, 'queries' | 'reached'>
  readonly feed: Pick<Feed, 'head'>
}

export function openAccess({ uploads, keyring, projections, feed }: AccessParts) {
  const { queries, reached } = projections

  /** A message's grant holds the uploader's, sealed once more with the message's key: both must be there. */
  const openGrant = async ({ conversation, message, media, grant }: MediaGrantRow): Promise<string | null> =>
    keyring.open({ conversation, message: grantPlace(message, media) }, grant)

  /** By id: one that opens, for each that this person may see. Others may have told of messages that are not in yet. */
  const inMessages = async (user: string, media: readonly string[]) => {
    const found = new Map<string, { address: string; grant: string }>()
    for (const again of [false, true]) {
      if (again && !(await reached(feed.head(), patience))) break
      const missing = media.filter(id => !found.has(id))
      for (const row of await queries.mediaSeenBy(user, missing)) {
        const grant = found.has(row.media) ? null : await openGrant(row)
        if (grant !== null) found.set(row.media, { address: row.address, grant })
      }
      if (found.size === media.length) break
    }
    return found
  }

  return {
    placeOf: (media: string) => ({ conversation: place, message: media }),

    async wayTo(user: string, media: string): Promise<Way | undefined> {
      const upload = await uploads.find(user, media)
      if (upload) return upload
      const named = (await inMessages(user, [media])).get(media)
      return named && { address: named.address, grant: JSON.parse(named.grant) as Sealed }
    },

    /** For messages that are to name them. In this order: an upload's row goes when a message has it in the read models. */
    async grants(user: string, media: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const found = new Map<string, string>()
      for (const { media: id, grant } of await uploads.toName(user, media)) found.set(id, JSON.stringify(grant))
      const others = media.filter(id => !found.has(id))
      if (others.length > 0) for (const [id, { grant }] of await inMessages(user, others)) found.set(id, grant)
      return found
    },
  }
}

export type Access = ReturnType<typeof openAccess>
