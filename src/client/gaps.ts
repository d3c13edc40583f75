// Whether a message is missing before one that has come. A conversation's seqs have holes for its members: what is told to one of them
// alone, or says something about a message that one may not see, has a seq too. So the server says in a message's `previous` what
// everybody in the conversation was told last before it; whoever was there and has not seen that one misses something.
import type { Message } from './frames.ts'
import type { Seen } from './seen.ts'

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
  /** Which is known to be missing. */
  readonly missing: number
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

  /** What is missing before this message; undefined where nothing is, or nothing can be said. */
  before({ conversation, seq, previous }: Message, seen: Seen): Hole | undefined {
    const known = this.#known.get(conversation)
    if (previous === undefined || !known || previous < known.from || seen.has(conversation, previous)) return undefined
    return { conversation, after: Math.min(known.last, previous - 1), before: seq, missing: previous }
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
  }
}
