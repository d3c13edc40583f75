// One member of a JSON object, cut out as text without being opened. A body is the command stage's to parse, and "stored and
// returned as it came": parsed and written again it would lose large numbers' digits and the sender's order of keys.

export interface Cut {
  /** The member's value as it came; undefined where there is none. Where the name comes twice, the last, as for JSON.parse. */
  readonly member: string | undefined
  /** The text with `null` in the place of that value: the whole is JSON exactly where this and the member are. */
  readonly rest: string
}

/** Undefined: the text ends in the middle of something, and is no JSON. */
export function cutMember(json: string, name: string): Cut | undefined {
  const quoted = `"${name}"`
  if (!json.includes(quoted) && !json.includes('\\')) return { member: undefined, rest: json }
  let cut: Cut = { member: undefined, rest: json }
  for (let at = json.indexOf('{') + 1; ;) {
    const key = json.indexOf('"', at)
    if (key < 0) return cut
    const keyEnd = stringEnd(json, key)
    const colon = json.indexOf(':', keyEnd)
    if (keyEnd < 0 || colon < 0) return undefined
    const start = skipSpace(json, colon + 1)
    const end = valueEnd(json, start)
    if (end < 0) return undefined
    const text = json.slice(key, keyEnd)
    if (text === quoted || (text.includes('\\') && unescaped(text) === name))
      cut = { member: json.slice(start, end), rest: `${json.slice(0, start)}null${json.slice(end)}` }
    at = end
  }
}

/** The elements of a JSON array as they came. The text is known to be one. */
export function elementsOf(json: string): string[] {
  const elements: string[] = []
  for (let at = skipSpace(json, json.indexOf('[') + 1); json.charCodeAt(at) !== closeBracket;) {
    const end = valueEnd(json, at)
    elements.push(json.slice(at, end))
    at = skipSpace(json, end)
    if (json.charCodeAt(at) === comma) at = skipSpace(json, at + 1)
  }
  return elements
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function unescaped(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // an escape that is none: it stays in the rest, where it is found out
  }
}

function skipSpace(json: string, from: number): number {
  let at = from
  while (json.charCodeAt(at) <= 0x20) at++
  return at
}

/** Just after the string that begins at `from`; -1 where it does not end. */
function stringEnd(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let before = at - 1
    while (json.charCodeAt(before) === backslash) before--
    if ((at - before) % 2 === 1) return at + 1 // after an odd number of backslashes it is escaped
  }
  return -1
}

/** Just after the value that begins at `from`; -1 where it does not end. */
function valueEnd(json: string, from: number): number {
  const first = json.charCodeAt(from)
  if (first === quote) return stringEnd(json, from)
  const nests = first === openBrace || first === openBracket
  let depth = 0
  for (let at = from; at < json.length; at++) {
    const char = json.charCodeAt(at)
    if (!nests && (char === comma || char === closeBrace || char === closeBracket || char <= 0x20)) return at
    if (char === openBrace || char === openBracket) depth++
    else if ((char === closeBrace || char === closeBracket) && --depth === 0) return at + 1
    else if (char === quote) {
      at = stringEnd(json, at) - 1
      if (at < 0) return -1
    }
  }
  return -1
}
