// What is asked of search, as people write it: words that all have to be there, "a phrase", -without, this or that.
import { wordsOf } from './words.ts'

/** Words beside each other, in this order; one word is a phrase of one. */
export type Phrase = readonly string[]

/** All that is wanted is there, nothing that is unwanted is. */
export interface Alternative {
  readonly wanted: readonly Phrase[]
  readonly unwanted: readonly Phrase[]
}

/** Any of these is enough. */
export type Asked = readonly Alternative[]

export const mostCharacters = 500
export const mostWords = 32

/** `-"a phrase"`, `"a phrase"`, or what is between spaces; a quote that does not end, ends with the text. */
const terms = /(?<minus>-)?(?:"(?<phrase>[^"]*)(?:"|$)|(?<word>[^\s"]+))/g

/**
 * Reads a question; a sentence where it cannot be one. `or` binds less than words that stand together, as it does in
 * Postgres' websearch_to_tsquery. What has no word in it, such as a comma, is passed over.
 */
export function asked(text: string): Asked | { readonly wrong: string } {
  const spoken = text.replaceAll(/[“”„«»＂]/g, '"')
  const alternatives: { wanted: Phrase[]; unwanted: Phrase[] }[] = [{ wanted: [], unwanted: [] }]
  let words = 0
  for (const { groups } of spoken.matchAll(terms)) {
    const { minus, phrase, word } = groups as { minus?: string; phrase?: string; word?: string }
    if (minus === undefined && word?.toLowerCase() === 'or') {
      alternatives.push({ wanted: [], unwanted: [] })
      continue
    }
    const found = [...wordsOf(phrase ?? word ?? '')]
    if (found.length === 0) continue
    words += found.length
    alternatives.at(-1)![minus === undefined ? 'wanted' : 'unwanted'].push(found)
  }
  if (words === 0) return { wrong: 'there is no word in it: letters or digits, such as: lunch "new york" -monday' }
  if (words > mostWords) return { wrong: `it has ${words} words; at most ${mostWords} are looked for` }
  // an `or` with nothing on one side is a word too many, and means nothing
  const meant = alternatives.filter(({ wanted, unwanted }) => wanted.length + unwanted.length > 0)
  if (meant.some(({ wanted }) => wanted.length === 0))
    return { wrong: 'it only says what is not wanted: add a word that is, on either side of an "or"' }
  return meant
}
