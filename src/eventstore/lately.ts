// What was sealed here a moment ago: the feed brings it back at once to be pushed, and once more to be searched, and who was
// away for a little while reads it then. Opening it takes 2.7 µs each time, and nearly twice that where it is seldom done.
import type { Sealed } from './sealing.ts'

/** So many are remembered at least, and twice as many at most; or of so many characters, theirs and those they were sealed as, whatever is less: some 20 MB in all. */
const mostTexts = 16_000
const mostCharacters = 6 * 1024 * 1024

interface Text {
  readonly conversation: string
  readonly sealed: Sealed
  readonly text: string
}

export class Lately {
  /** By message. When the fresh ones are as many as may be, the old ones go. */
  #fresh = new Map<string, Text>()
  #old = new Map<string, Text>()
  #characters = 0

  add(conversation: string, message: string, sealed: Sealed, text: string): void {
    this.#fresh.set(message, { conversation, sealed, text })
    this.#characters += text.length + sealed.box.length
    if (this.#fresh.size < mostTexts && this.#characters < mostCharacters) return
    this.#old = this.#fresh
    this.#fresh = new Map()
    this.#characters = 0
  }

  /** What was sealed as exactly this for exactly this place; undefined where it is not remembered. */
  textIn(conversation: string, message: string, { key, box }: Sealed): string | undefined {
    const known = this.#fresh.get(message) ?? this.#old.get(message)
    if (known?.sealed.box !== box || known.sealed.key !== key || known.conversation !== conversation) return undefined
    return known.text
  }
}
