// The keyring: content keys in Postgres, wrapped by the master key. A key belongs to a conversation, an author and a period.
import type { Sealed } from './sealing.ts'

/** Seals and opens message contents. Synchronous where the key is at hand, which on a hot path it is. */
export interface Keyring {
  seal(place: SealPlace, text: string): Sealed | Promise<Sealed>
  /** The text, or null where the key is gone and with it the content. */
  open(place: { conversation: string; message: string }, sealed: Sealed): string | null | Promise<string | null>
}

export interface SealPlace {
  readonly conversation: string
  readonly message: string
  readonly author: string
  /** When the message was written: says the period. */
  readonly at: string
}
