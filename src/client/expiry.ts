// Messages that were told to somebody here, and whose time will be over: then it is said once, so that what shows them drops them.

/** The time of a message is over: its content is not to be shown any more. */
export interface Expired {
  readonly conversation: string
  readonly seq: number
  readonly id: string
  readonly expiresAt: string
}

interface Told extends Expired {
  readonly end: number
}

/** Those that end first are remembered; what is further off is asked for again long before it ends. */
const remembered = 10_000
/** The longest that a timer holds. */
const longestMs = 2 ** 31 - 1

/** Goes by this device's clock. */
export class Expiry {
  /** By their end. */
  readonly #told: Told[] = []
  readonly #ids = new Set<string>()
  readonly #over: (expired: Expired) => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(over: (expired: Expired) => void) {
    this.#over = over
  }

  /** Twice, and without a time, is nothing. */
  note({ conversation, seq, id, expiresAt }: Omit<Expired, 'expiresAt'> & { readonly expiresAt?: string | undefined }) {
    if (expiresAt === undefined || this.#ids.has(id)) return
    const end = Date.parse(expiresAt)
    if (!(end > Date.now())) return // told as it is: without content
    if (this.#told.length >= remembered) {
      if (this.#told.at(-1)!.end <= end) return
      this.#ids.delete(this.#told.pop()!.id)
    }
    const place = this.#told.findLastIndex(told => told.end <= end) + 1 // nearly always the last
    this.#told.splice(place, 0, { conversation, seq, id, expiresAt, end })
    this.#ids.add(id)
    if (place === 0) this.#wake()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#told.length = 0
  }

  /** When the first one ends. */
  #wake(): void {
    clearTimeout(this.#timer)
    const [first] = this.#told
    if (!first) return
    this.#timer = setTimeout(() => this.#ring(), Math.min(Math.max(first.end - Date.now(), 0), longestMs))
    const timer = this.#timer as { unref?: () => void }
    timer.unref?.() // in Node it keeps no process alive
  }

  #ring(): void {
    const now = Date.now()
    const open = this.#told.findIndex(({ end }) => end > now)
    for (const { end: _, ...expired } of this.#told.splice(0, open < 0 ? this.#told.length : open)) {
      this.#ids.delete(expired.id)
      this.#over(expired)
    }
    this.#wake()
  }
}
