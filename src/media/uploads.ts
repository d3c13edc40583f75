// Uploads that no message names yet: what opens them, for their uploader alone. In Postgres beside the keys, for what is
// here must be deletable, which the log is not.
import type { Pool } from 'pg'
import type { Sealed } from '../eventstore/index.ts'

export interface Upload {
  readonly media: string
  readonly address: string
  /** What opens it, sealed with the uploader's content key. */
  readonly grant: Sealed
}

/** A doomed one opens nothing any more; its row stays until the bytes are gone. */
const schema = `
  SELECT pg_advisory_xact_lock(hashtext('verbatim keyring'));
  CREATE SCHEMA IF NOT EXISTS keyring;
  CREATE TABLE IF NOT EXISTS keyring.upload (
    media text COLLATE "C" PRIMARY KEY,
    uploader text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    address text NOT NULL,
    key uuid NOT NULL,
    box text NOT NULL,
    doomed boolean NOT NULL DEFAULT false
  );
  CREATE INDEX IF NOT EXISTS upload_at ON keyring.upload (at)`

interface Row {
  media: string
  address: string
  key: string
  box: string
}

const upload = ({ media, address, key, box }: Row): Upload => ({ media, address, grant: { key, box } })

export async function openUploads(pool: Pool) {
  await pool.query(schema)
  const rows = async <R extends object>(text: string, values: unknown[]) => (await pool.query<R>(text, values)).rows

  return {
    /** Before its bytes are stored: whatever happens then, they are found and deleted if nothing comes of them. */
    async add(uploader: string, { media, address, grant }: Upload): Promise<void> {
      const text = 'INSERT INTO keyring.upload (media, uploader, address, key, box) VALUES ($1, $2, $3, $4, $5)'
      await pool.query(text, [media, uploader, address, grant.key, grant.box])
    },

    async find(uploader: string, media: string): Promise<Upload | undefined> {
      const text = 'SELECT * FROM keyring.upload WHERE media = $1 AND uploader = $2 AND NOT doomed'
      const [row] = await rows<Row>(text, [media, uploader])
      return row && upload(row)
    },

    /** Those that this person may name in a message; their time begins anew, so that none ends while it is being named. */
    async toName(uploader: string, media: readonly string[]): Promise<readonly Upload[]> {
      const text = `UPDATE keyring.upload SET at = now()
        WHERE media = ANY($1::text[]) AND uploader = $2 AND NOT doomed RETURNING *`
      return (await rows<Row>(text, [media, uploader])).map(upload)
    },

    /** Messages name them, and the read models know, so that those are the only way to them; or their bytes are gone. */
    async remove(media: readonly string[]): Promise<void> {
      await pool.query('DELETE FROM keyring.upload WHERE media = ANY($1::text[])', [media])
    },

    /** All there are: those of a day. */
    async all(): Promise<readonly string[]> {
      return (await rows<{ media: string }>('SELECT media FROM keyring.upload', [])).map(row => row.media)
    },

    /** Dooms what is older (milliseconds). Answers all that are doomed, before and now. */
    async doom(age: number): Promise<readonly { media: string; address: string }[]> {
      const text = `UPDATE keyring.upload SET doomed = true
        WHERE doomed OR at < now() - make_interval(secs => $1) RETURNING media, address`
      return rows(text, [age / 1000])
    },

    /** Which of these are here. */
    async among(media: readonly string[]): Promise<ReadonlySet<string>> {
      const text = 'SELECT media FROM keyring.upload WHERE media = ANY($1::text[])'
      return new Set((await rows<{ media: string }>(text, [media])).map(row => row.media))
    },

    /** Which of these content keys still exist. */
    async keysAmong(keys: readonly string[]): Promise<ReadonlySet<string>> {
      const text = 'SELECT id FROM keyring.content_key WHERE id = ANY($1::uuid[])'
      return new Set((await rows<{ id: string }>(text, [keys])).map(row => row.id))
    },
  }
}

export type Uploads = Awaited<ReturnType<typeof openUploads>>
