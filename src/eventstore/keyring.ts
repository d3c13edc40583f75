// The keyring: content keys in Postgres (schema `keyring`), wrapped by the master key. They never stand in the log.
import DataLoader from 'dataloader'
import { LRUCache } from 'lru-cache'
import { randomBytes, randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { dueOf } from './due-keys.ts'
import { Lately } from './lately.ts'
import { drawNonces, open, openBytes, seal, sealBytes, type Sealed } from './sealing.ts'

/** What a key belongs to: the conversation, the author, and a period: by the time of writing, or by when its time is over. */
export interface SealPlace {
  readonly conversation: string
  readonly message: string
  readonly author: string
  /** RFC 3339. */
  readonly at: string
  /** Where its time is limited. */
  readonly expiresAt?: string | undefined
}

/** `expiresAt` as it was sealed: from then on it does not open, though its key may be there for some seconds. */
export interface OpenPlace {
  readonly conversation: string
  readonly message: string
  readonly expiresAt?: string | undefined
}

/** Seals and opens message contents. Synchronous where the key is at hand, which on a hot path it is. */
export interface Keyring {
  seal(place: SealPlace, text: string): Sealed | Promise<Sealed>
  /**
   * The text, or null where its time is over or the key is gone, and with it the content, or where the content is not what
   * was sealed.
   */
  open(place: OpenPlace, sealed: Sealed): string | null | Promise<string | null>
}

interface ContentKey {
  readonly id: string
  readonly key: Buffer
  /** When it is to be gone, in milliseconds since 1970; null: it has no limit. */
  readonly due: number | null
}

interface KeyRow {
  id: string
  conversation: string
  author: string
  period: string
  wrapped: Buffer
  due: Date | null
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
  );
  ALTER TABLE keyring.content_key ADD COLUMN IF NOT EXISTS due timestamptz(3);
  CREATE INDEX IF NOT EXISTS content_key_due ON keyring.content_key (due) WHERE due IS NOT NULL;
  ALTER TABLE keyring.content_key SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)`

/** Keys at hand, most recently used. About 200 bytes each. */
const keysAtHand = 50_000
const proofText = 'verbatim'

/** The longest that the cache keeps a key with a limit (milliseconds): a timer holds no more than 24 days. */
const longestMs = 24 * 60 * 60 * 1000

/**
 * A calendar month (UTC): small enough to let content go by age, large enough to keep keys few. What has a limit goes then:
 * its period is when it is due.
 */
const periodOf = ({ at, expiresAt }: SealPlace) =>
  expiresAt === undefined ? at.slice(0, 7) : new Date(dueOf(expiresAt)).toISOString()
const nameOf = (conversation: string, author: string, period: string) => `${conversation}\n${author}\n${period}`
const nameIn = (place: SealPlace) => nameOf(place.conversation, place.author, periodOf(place))

/**
 * Opens the keyring, made on first use. Throws where the master key is not the one it was made with. `onTampered` hears of
 * contents that do not open with their own key: one of them must not stop what is beside it.
 */
export async function openKeyring(
  pool: Pool,
  masterKey: Buffer,
  onTampered: (error: Error) => void,
  now: () => number = Date.now,
): Promise<Keyring> {
  await pool.query(schema)
  await proveMasterKey(pool, masterKey)

  // a key with a limit leaves memory when it is due, without being asked for
  const byName = new LRUCache<string, ContentKey>({ max: keysAtHand, ttlAutopurge: true })
  const byId = new LRUCache<string, ContentKey>({ max: keysAtHand, ttlAutopurge: true })
  const isDue = ({ due }: ContentKey) => due !== null && due <= now()
  const keep = (row: KeyRow): ContentKey => {
    const due = row.due === null ? null : row.due.getTime()
    const content = { id: row.id, key: openBytes(row.wrapped, masterKey, row.id), due }
    if (isDue(content)) return content
    const ttl = due === null ? 0 : Math.min(Math.max(1, Math.ceil(due - now())), longestMs)
    byId.set(row.id, content, { ttl })
    byName.set(nameOf(row.conversation, row.author, row.period), content, { ttl })
    return content
  }

  /** Makes what is missing; of two that make one at once, the first to commit has made it. */
  const keys = new DataLoader<SealPlace, ContentKey>(
    async places => {
      const missing = new Map(places.map(place => [nameIn(place), place]))
      const made = [...missing].map(([name, place]) => {
        const { conversation, author, expiresAt } = place
        const id = randomUUID()
        const due = expiresAt === undefined ? null : new Date(dueOf(expiresAt))
        const wrapped = sealBytes(randomBytes(32), masterKey, id)
        return { name, id, conversation, author, period: periodOf(place), wrapped, due }
      })
      const columns = [made.map(m => m.conversation), made.map(m => m.author), made.map(m => m.period)]
      await pool.query(
        `INSERT INTO keyring.content_key (conversation, author, period, id, wrapped, due)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::timestamptz[])
         ON CONFLICT DO NOTHING`,
        [...columns, made.map(m => m.id), made.map(m => m.wrapped), made.map(m => m.due)],
      )
      const { rows } = await pool.query<KeyRow>(
        `SELECT k.* FROM keyring.content_key k
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS w (conversation, author, period)
         USING (conversation, author, period)`,
        columns,
      )
      const found = new Map(rows.map(row => [nameOf(row.conversation, row.author, row.period), keep(row)]))
      const keyOf = new Map(
        made.map(({ name, id, due }) => {
          // one that was due as soon as it was made: what it seals is gone, as it would be a moment later
          const lost = due === null ? new Error(`the content key ${id} was not kept`) : lostKey()
          return [name, found.get(name) ?? lost]
        }),
      )
      return places.map(place => keyOf.get(nameIn(place))!)
    },
    { cache: false, maxBatchSize: 1_000 },
  )

  const existing = new DataLoader<string, ContentKey | null>(
    async ids => {
      const { rows } = await pool.query<KeyRow>('SELECT * FROM keyring.content_key WHERE id = ANY($1::uuid[])', [ids])
      const found = new Map(rows.map(row => [row.id, keep(row)]))
      return ids.map(id => found.get(id) ?? null)
    },
    { cache: false, maxBatchSize: 1_000 },
  )

  /** What has a limit is not remembered: it is to go when its key does. */
  const lately = new Lately()
  const nonce = drawNonces()

  return {
    seal: (place, text) => {
      const { conversation, message, expiresAt } = place
      const sealWith = ({ id, key }: ContentKey) => {
        const sealed = seal(text, key, id, conversation, message, nonce())
        if (expiresAt === undefined) lately.add(conversation, message, sealed, text)
        return sealed
      }
      // its time is over before it is said (a history of long ago): it is sealed with a key that nobody has
      if (expiresAt !== undefined && dueOf(expiresAt) <= now()) return sealWith(lostKey())
      const known = byName.get(nameIn(place))
      return known ? sealWith(known) : keys.load(place).then(sealWith)
    },
    open: ({ conversation, message, expiresAt }, sealed) => {
      if (expiresAt !== undefined && Date.parse(expiresAt) <= now()) return null
      const openWith = (content: ContentKey | null) => {
        if (content === null || isDue(content)) return null
        const known = lately.textIn(conversation, message, sealed)
        if (known !== undefined) return known
        try {
          return open(sealed, content.key, conversation, message)
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

/** A key that is kept nowhere: what it seals does not open. */
const lostKey = (): ContentKey => ({ id: randomUUID(), key: randomBytes(32), due: null })

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
