// How far a client has handled what came, and whose it is: in memory, and in the storage where there is one.
import type { ClientStorage, KeptPlace } from './storage.ts'

export class Place {
  readonly #storage: ClientStorage | undefined
  readonly #expected: string | undefined
  #user: string | undefined
  #cursor: string | undefined

  /** A cursor that is given goes before the one that is kept. */
  constructor(storage: ClientStorage | undefined, cursor?: string, expected?: string) {
    this.#storage = storage
    this.#expected = expected
    this.#user = storage?.place.user
    this.#cursor = cursor ?? storage?.place.cursor
  }

  get cursor(): string | undefined {
    return this.#cursor
  }

  handled(cursor: string): void {
    this.#cursor = cursor
    if (this.#storage) void keep(this.#storage, { cursor })
  }

  /** Why one cannot go on as this user: what one has asked is not said as another, and a cursor is not another's. */
  barred(user: string): string | undefined {
    if (user !== (this.#expected ?? user)) return `the token is ${user}'s, not ${this.#expected}'s`
    if (!this.#storage || this.#user === user) return undefined
    if (this.#user !== undefined) return `the storage is ${this.#user}'s: each user has one of their own`
    this.#user = user
    void keep(this.#storage, { user })
    return undefined
  }
}

/** Where that fails, some of what came is told again after a restart. */
const keep = async (storage: ClientStorage, place: KeptPlace): Promise<void> => {
  try {
    await storage.keep(place)
  } catch {
    // it stays as it was
  }
}
