// The text of one member of a JSON object, as it came. A body is "stored and returned as it came": parsed and written again
// it would lose large numbers' digits and the sender's order of keys, and deep nesting would overflow the stack.

/** Needs text that JSON.parse has accepted as an object. Where a name comes twice the last one counts, as for JSON.parse. */
export function jsonMember(json: string, name: string): string | undefined {
  const quoted = `"${name}"`
  let found: string | undefined
  let at = json.indexOf('{') + 1
  for (;;) {
    const key = json.indexOf('"', at)
    if (key < 0) return found
    const keyEnd = stringEnd(json, key)
    const start = skipSpace(json, json.indexOf(':', keyEnd) + 1)
    const end = valueEnd(json, start)
    const text = json.slice(key, keyEnd)
    if (text === quoted || (text.includes('\\') && JSON.parse(text) === name)) found = json.slice(start, end)
    at = end
  }
}

const quote = 0x22
const backslash = 0x5c

function skipSpace(json: string, from: number): number {
  let at = from
  while (json.charCodeAt(at) <= 0x20) at++
  return at
}

/** Just after the string that begins at `from`. */
function stringEnd(json: string, from: number): number {
  for (let at = from + 1; ; at++) {
    const char = json.charCodeAt(at)
    if (char === backslash) at++
    else if (char === quote) return at + 1
  }
}

/** Just after the value that begins at `from`. */
function valueEnd(json: string, from: number): number {
  const first = json[from]
  if (first === '"') return stringEnd(json, from)
  let at = from
  if (first !== '{' && first !== '[') {
    while (!/[,}\]\s]/.test(json[at]!)) at++
    return at
  }
  for (let depth = 0; ;) {
    const char = json[at]
    if (char === '"') {
      at = stringEnd(json, at)
      continue
    }
    if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
    at++
  }
}
