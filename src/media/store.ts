// The port: where sealed bytes are kept, by name. folder.ts and s3.ts are its adapters.

/** Whoever gets it reads it to the end, or ends the reading. */
export interface Stored {
  readonly size: number
  readonly bytes: AsyncIterable<Buffer>
}

/**
 * Names are of `[0-9a-z.]`, at least two characters. What is under a name is written whole or not at all, and never
 * changed. Every method rejects with MediaStoreFailed where the store does not do it.
 */
export interface BlobStore {
  /** Durable once it resolves. Writing the same again changes nothing. */
  put(name: string, bytes: Buffer): Promise<void>
  /** Undefined where there is nothing of this name. */
  get(name: string): Promise<Stored | undefined>
  /** The names that begin so. */
  names(prefix: string): Promise<readonly string[]>
  /** What is not there is removed already. */
  remove(name: string): Promise<void>
}

/** The store is away, full, or does not let us in: asking again later may help. */
export class MediaStoreFailed extends Error {}

/** Runs it, and says what could not be done where it fails. */
export async function attempt<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof MediaStoreFailed) throw cause
    throw new MediaStoreFailed(`${doing}: ${(cause as Error).message || (cause as Error).name}`, { cause })
  }
}

/** The bytes as they are read; what fails on the way is the store's failure too. */
export async function* reading(doing: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* bytes
  } catch (cause) {
    throw new MediaStoreFailed(`${doing}: ${(cause as Error).message}`, { cause })
  }
}
