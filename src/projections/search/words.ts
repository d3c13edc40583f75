// The words of a text, as search knows them: the same for what was said and for what is looked for.

/**
 * Letters, digits and their marks; and pictures. What is between them separates: `don’t` is two words beside each other,
 * `example.com` too, so that either part is found, and both together as a phrase.
 */
const runs = /[\p{L}\p{N}\p{M}]+|\p{Extended_Pictographic}/gu

/** Written without spaces, and without a rule where a word ends: each character is a word, and a word is a phrase of them. */
const byCharacter = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30FC\u3099\u309A]/u
const pieces = new RegExp(`${byCharacter.source}|[^${byCharacter.source.slice(1, -1)}]+`, 'gu')
/** Written without spaces as well, and told apart by a dictionary. */
const byDictionary = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/** Accents of Latin and Greek letters, and the two dots of ё. Those of other scripts tell words apart. */
const accents = /(?<=[\p{Script=Latin}\p{Script=Greek}]\p{M}*)[\u0300-\u036F]|(?<=е)\u0308/gu

/** ASCII has nothing to compose, to take apart or to strip. */
const plain = /^[\0-\x7F]*$/
const plainRuns = /[a-z0-9]+/g

/** As it is compared: compatible forms are one (NFKC), upper case is lower, ß is ss, accents are left out. */
export function folded(text: string): string {
  if (plain.test(text)) return text.toLowerCase()
  const lower = text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ')
  return lower.normalize('NFD').replace(accents, '').normalize('NFC')
}

/** In the order in which they stand, each as often as it does. */
export function wordsOf(text: string): Iterable<string> {
  const all = folded(text)
  return plain.test(all) ? (all.match(plainRuns) ?? []) : wordsIn(all)
}

function* wordsIn(all: string): Generator<string> {
  for (const [run] of all.matchAll(runs)) {
    if (byDictionary.test(run)) {
      for (const { segment, isWordLike } of segmenter.segment(run)) if (isWordLike) yield segment
    } else if (byCharacter.test(run)) yield* run.match(pieces)!
    else yield run
  }
}
