// What stands in Postgres for words: keyed hashes of them, another key for each conversation. Who has the database without
// the keyring learns how often which hash is used in a conversation, and no word.
import { createHmac } from 'node:crypto'
import type { Asked, Phrase } from './asked.ts'

/** 80 of HMAC-SHA256's 256 bits: in a conversation of a million different words two meet with a chance of 10⁻¹². */
const bytes = 10

export const lexemeOf = (key: Buffer, word: string): string =>
  createHmac('sha256', key).update(word).digest().toString('base64url', 0, bytes)

/** Postgres' limits (textsearch-limitations): places past this one are all this one, more of one lexeme are left out. */
const lastPlace = 16_383
const mostPlaces = 256

/** Lexemes with their places, as a tsvector is written. */
export class Vector {
  readonly #places = new Map<string, number[]>()
  #at = 0

  add(lexeme: string): void {
    this.#at = Math.min(this.#at + 1, lastPlace)
    const places = this.#places.get(lexeme)
    if (!places) this.#places.set(lexeme, [this.#at])
    else if (places.length < mostPlaces && places.at(-1) !== this.#at) places.push(this.#at)
  }

  toString(): string {
    return [...this.#places].map(([lexeme, places]) => `'${lexeme}':${places.join(',')}`).join(' ')
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
