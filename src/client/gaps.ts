// Whether a message is missing before one that has come. A conversation's seqs have holes for its members: what is told to one of them
// alone, or says something about a message that one may not see, has a seq too. So the server says in a message's `previous` what
// everybody in the conversation was told last before it; whoever was there and has not seen that one misses something.
import type { Message } from './frames.ts'
import { Seen } from './seen.ts'

interface Known {
  /** From here on nothing was missing, up to the last one that came. */
  readonly from: number
  last: number
}

/** Messages may be missing between these seqs, both exclusive. */
export interface Hole {
  readonly conversation: string
  readonly after: number
  readonly before: number
  /** Which is not here. */
  readonly missing: number
  /** Whether it is known to be missing; else it may be something that others alone were told. */
  readonly certain: boolean
}

/** What was missing has been told: how many messages. `filled`: false where they could not be had. */
export interface Gap {
  readonly conversation: string
  readonly after: number
  readonly before: number
  readonly messages: number
  readonly filled: boolean
}

export class Gaps {
  readonly #known = new Map<string, Known>()
  readonly #own = new Seen()

  /** What is missing before this message; undefined where nothing is, or nothing can be said. */
  before({ conversation, seq, previous }: Message, seen: Seen): Hole | undefined {
    const known = this.#known.get(conversation)
    if (previous === undefined || !known) return undefined
    let missing = previous
    while (this.#own.has(conversation, missing)) missing--
    if (missing < known.from || seen.has(conversation, missing)) return undefined
    const after = Math.min(known.last, missing - 1)
    return { conversation, after, before: seq, missing, certain: missing === previous }
  }

  /** What one has said oneself is answered, and not pushed: what was told before it is not said. */
  said(conversation: string, seq: number): void {
    this.#own.add(conversation, seq)
  }

  /** It has come; `begins`: just now, so that from here on whatever is told to everybody is told to this client. */
  note(conversation: string, seq: number, begins: boolean): void {
    const known = this.#known.get(conversation)
    if (known) known.last = Math.max(known.last, seq)
    else if (begins) this.#known.set(conversation, { from: seq, last: seq })
  }

  /** One is in from this seq on, or not any more. */
  turn(conversation: string, seq: number, isIn: boolean): void {
    if (isIn) this.#known.set(conversation, { from: seq, last: seq })
    else this.#known.delete(conversation)
  }

  clear(): void {
    this.#known.clear()
    this.#own.clear()
  }
}
