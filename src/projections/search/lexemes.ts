// What stands in Postgres for words: keyed hashes of them, another key for each conversation. Who has the database without
// the keyring learns how often which hash is used in a conversation, and no word.
import { createHmac } from 'node:crypto'
import type { Asked, Phrase } from './asked.ts'

/** 72 of HMAC-SHA256's 256 bits: in a conversation of a million different words two meet with a chance of 10⁻¹⁰. */
const characters = 12

/** As text at once: 1.3 µs a word, 1.7 where the bytes are cut. */
export const lexemeOf = (key: Buffer, word: string): string =>
  createHmac('sha256', key).update(word).digest('base64url').slice(0, characters)

/** Postgres' limits (textsearch-limitations): places past this one are all this one, more of one lexeme are left out. */
const lastPlace = 16_383
const mostPlaces = 256

/** Lexemes with their places, as a tsvector is written. A lexeme has nothing that needs a quote. */
export class Vector {
  /** Each lexeme, a colon, its places; and how many of them, where they are more than one. */
  readonly #entries = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  #at = 0

  add(lexeme: string): void {
    const before = this.#at
    this.#at = Math.min(before + 1, lastPlace)
    const entry = this.#entries.get(lexeme)
    if (entry === undefined) return void this.#entries.set(lexeme, `${lexeme}:${this.#at}`)
    const count = this.#counts.get(lexeme) ?? 1
    if (count === mostPlaces || this.#at === before) return
    this.#entries.set(lexeme, `${entry},${this.#at}`)
    this.#counts.set(lexeme, count + 1)
  }

  toString(): string {
    return [...this.#entries.values()].join(' ')
  }
}

/** Words of which the hashes are at hand: people say the same ones again. Long ones are seldom, and large. */
const wordsAtHand = 50_000
const longestAtHand = 32

/** The hashes of a conversation's words, those of the conversations that spoke last kept at hand. */
export class Hashes {
  readonly #byConversation = new Map<string, Map<string, string>>()
  #words = 0

  /** A conversation's: to be asked for once a message, so that a word costs one look-up by its own few letters. */
  of(conversation: string, key: Buffer): (word: string) => string {
    if (this.#words > wordsAtHand) this.#makeRoom()
    const known = this.#byConversation.get(conversation) ?? new Map<string, string>()
    this.#byConversation.delete(conversation)
    this.#byConversation.set(conversation, known) // the last of all: the first are the next to go
    return word => {
      const there = known.get(word)
      if (there !== undefined) return there
      const lexeme = lexemeOf(key, word)
      if (word.length <= longestAtHand) {
        known.set(Buffer.from(word).toString(), lexeme) // a copy: a piece of a text would keep the text
        this.#words++
      }
      return lexeme
    }
  }

  #makeRoom(): void {
    for (const [conversation, words] of this.#byConversation) {
      this.#byConversation.delete(conversation)
      this.#words -= words.size
      if (this.#words <= wordsAtHand / 2) return
    }
  }
}

/** The same question as a tsquery, in a conversation's lexemes. */
export function queryIn(key: Buffer, question: Asked): string {
  const phrase = (words: Phrase) => `(${words.map(word => `'${lexemeOf(key, word)}'`).join(' <-> ')})`
  return question
    .map(({ wanted, unwanted }) => [...wanted.map(phrase), ...unwanted.map(words => `!${phrase(words)}`)].join(' & '))
    .map(alternative => `(${alternative})`)
    .join(' | ')
}
