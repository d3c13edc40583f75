// The keyring: content keys in Postgres (schema `keyring`), wrapped by the master key. They never stand in the log.
import DataLoader from 'dataloader'
import { LRUCache } from 'lru-cache'
import { randomBytes, randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { open, openBytes, seal, sealBytes, type Sealed } from './sealing.ts'

/** What a key belongs to: the conversation, the author, and (by the time of writing) a period. */
export interface SealPlace {
  readonly conversation: string
  readonly message: string
  readonly author: string
  /** RFC 3339. */
  readonly at: string
}

/** Seals and opens message contents. Synchronous where the key is at hand, which on a hot path it is. */
export interface Keyring {
  seal(place: SealPlace, text: string): Sealed | Promise<Sealed>
  /** The text, or null where the key is gone and with it the content, or where the content is not what was sealed. */
  open(place: { conversation: string; message: string }, sealed: Sealed): string | null | Promise<string | null>
}

interface ContentKey {
  readonly id: string
  readonly key: Buffer
}

interface KeyRow {
  id: string
  conversation: string
  author: string
  period: string
  wrapped: Buffer
}

/** One implicit transaction; the lock keeps two boxes that start at once out of each other's way. */
const schema = `
  SELECT pg_advisory_xact_lock(hashtext('verbatim keyring'));
  CREATE SCHEMA IF NOT EXISTS keyring;
  CREATE TABLE IF NOT EXISTS keyring.master (id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1), proof bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS keyring.content_key (
    id uuid PRIMARY KEY,
    conversation text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL,
    UNIQUE (conversation, author, period)
  )`

/** Keys at hand, most recently used. About 200 bytes each. */
const keysAtHand = 50_000
const proofText = 'verbatim'

/** A calendar month (UTC): small enough to let content go by age, large enough to keep keys few. */
const periodOf = (at: string) => at.slice(0, 7)
const nameOf = (conversation: string, author: string, period: string) => `${conversation}\n${author}\n${period}`

/**
 * Opens the keyring, made on first use. Throws where the master key is not the one it was made with. `onTampered` hears of
 * contents that do not open with their own key: one of them must not stop what is beside it.
 */
export async function openKeyring(pool: Pool, masterKey: Buffer, onTampered: (error: Error) => void): Promise<Keyring> {
  await pool.query(schema)
  await proveMasterKey(pool, masterKey)

  const byName = new LRUCache<string, ContentKey>({ max: keysAtHand })
  const byId = new LRUCache<string, Buffer>({ max: keysAtHand })
  const keep = (row: KeyRow): ContentKey => {
    const key = openBytes(row.wrapped, masterKey, row.id)
    byId.set(row.id, key)
    const content = { id: row.id, key }
    byName.set(nameOf(row.conversation, row.author, row.period), content)
    return content
  }

  /** Makes what is missing; of two that make one at once, the first to commit has made it. */
  const keys = new DataLoader<SealPlace, ContentKey, string>(
    async places => {
      const made = places.map(({ conversation, author, at }) => {
        const id = randomUUID()
        return { id, conversation, author, period: periodOf(at), wrapped: sealBytes(randomBytes(32), masterKey, id) }
      })
      const columns = [made.map(m => m.conversation), made.map(m => m.author), made.map(m => m.period)]
      await pool.query(
        `INSERT INTO keyring.content_key (conversation, author, period, id, wrapped)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bytea[]) ON CONFLICT DO NOTHING`,
        [...columns, made.map(m => m.id), made.map(m => m.wrapped)],
      )
      const { rows } = await pool.query<KeyRow>(
        `SELECT k.* FROM keyring.content_key k
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS w (conversation, author, period)
         USING (conversation, author, period)`,
        columns,
      )
      const found = new Map(rows.map(row => [nameOf(row.conversation, row.author, row.period), keep(row)]))
      return made.map(
        m =>
          found.get(nameOf(m.conversation, m.author, m.period)) ?? new Error(`the content key of ${m.id} was not kept`),
      )
    },
    { cache: false, maxBatchSize: 1_000, cacheKeyFn: place => nameOf(place.conversation, place.author, place.at) },
  )

  const existing = new DataLoader<string, Buffer | null>(
    async ids => {
      const { rows } = await pool.query<KeyRow>('SELECT * FROM keyring.content_key WHERE id = ANY($1::uuid[])', [ids])
      const found = new Map(rows.map(row => [row.id, keep(row).key]))
      return ids.map(id => found.get(id) ?? null)
    },
    { cache: false, maxBatchSize: 1_000 },
  )

  return {
    seal: (place, text) => {
      const sealWith = ({ id, key }: ContentKey) => seal(text, key, id, place.conversation, place.message)
      const known = byName.get(nameOf(place.conversation, place.author, periodOf(place.at)))
      return known ? sealWith(known) : keys.load(place).then(sealWith)
    },
    open: ({ conversation, message }, sealed) => {
      const openWith = (key: Buffer | null) => {
        if (key === null) return null
        try {
          return open(sealed, key, conversation, message)
        } catch (error) {
          onTampered(new Error(`message ${message} of ${conversation} does not open: ${(error as Error).message}`))
          return null
        }
      }
      const known = byId.get(sealed.key)
      return known ? openWith(known) : existing.load(sealed.key).then(openWith)
    },
  }
}

/** The first master key leaves a proof of itself; another one is told before anything is sealed with it. */
async function proveMasterKey(pool: Pool, masterKey: Buffer): Promise<void> {
  await pool.query('INSERT INTO keyring.master (proof) VALUES ($1) ON CONFLICT DO NOTHING', [
    sealBytes(Buffer.from(proofText), masterKey, proofText),
  ])
  const { rows } = await pool.query<{ proof: Buffer }>('SELECT proof FROM keyring.master')
  try {
    openBytes(rows[0]!.proof, masterKey, proofText)
  } catch {
    throw new Error(
      'MASTER_KEY is not the key that this database’s content keys are wrapped with; ' +
        'start with that key (unset, it is the file `master.key` in the data folder)',
    )
  }
}
