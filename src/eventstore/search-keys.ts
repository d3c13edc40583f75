// Search keys: one a conversation, made at random, in the keyring (wrapped by the master key). What is looked for is hashed
// with them, so that the index in Postgres tells no word to who has not the keyring.
import { LRUCache } from 'lru-cache'
import { randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { openBytes, sealBytes } from './sealing.ts'

export interface SearchKeys {
  /** The keys of these conversations; with `make`, what is missing is made. */
  of(conversations: readonly string[], make?: 'make'): Promise<ReadonlyMap<string, Buffer>>
}

/** One implicit transaction, under the keyring's lock: two boxes that start at once do not get in each other's way. */
const schema = `
  SELECT pg_advisory_xact_lock(hashtext('verbatim keyring'));
  CREATE TABLE IF NOT EXISTS keyring.search_key (conversation text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL)`

const keysAtHand = 20_000
const placeOf = (conversation: string) => `search in ${conversation}`

interface KeyRow {
  conversation: string
  wrapped: Buffer
}

/** To be called when the keyring is open: its master key has been proved then. */
export async function openSearchKeys(pool: Pool, masterKey: Buffer): Promise<SearchKeys> {
  await pool.query(schema)
  const atHand = new LRUCache<string, Buffer>({ max: keysAtHand })

  const load = async (conversations: readonly string[], into: Map<string, Buffer>): Promise<readonly string[]> => {
    const { rows } = await pool.query<KeyRow>(
      'SELECT conversation, wrapped FROM keyring.search_key WHERE conversation = ANY($1::text[])',
      [conversations],
    )
    for (const { conversation, wrapped } of rows) {
      const key = openBytes(wrapped, masterKey, placeOf(conversation))
      atHand.set(conversation, key)
      into.set(conversation, key)
    }
    return conversations.filter(conversation => !into.has(conversation))
  }

  return {
    async of(conversations, make) {
      const found = new Map<string, Buffer>()
      const asked: string[] = []
      for (const conversation of new Set(conversations)) {
        const key = atHand.get(conversation)
        if (key) found.set(conversation, key)
        else asked.push(conversation)
      }
      if (asked.length === 0) return found
      const missing = await load(asked, found)
      if (make === undefined || missing.length === 0) return found
      const wrapped = missing.map(conversation => sealBytes(randomBytes(32), masterKey, placeOf(conversation)))
      await pool.query(
        `INSERT INTO keyring.search_key (conversation, wrapped)
         SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING`,
        [missing, wrapped],
      )
      await load(missing, found) // of two boxes that make one at once, the first has made it
      return found
    },
  }
}
