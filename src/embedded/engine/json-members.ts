// A JSON object's members with their values as they were written: a number that no double holds stays what it is.

// a string, or a character that separates
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** Undefined where the text is no JSON object. Of a name given twice the last value counts. */
export const membersOf = (json: string): Map<string, string> | undefined => {
  if (!isObject(json)) return undefined
  const inner = `${json.trim().slice(1, -1)},`
  const members = new Map<string, string>()
  let depth = 0
  let start = 0
  let name: string | undefined
  for (const { 0: token, index } of inner.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth > 0) continue
    else if (token === ':') {
      name = JSON.parse(inner.slice(start, index)) as string
      start = index + 1
    } else if (token === ',') {
      if (name !== undefined) members.set(name, inner.slice(start, index).trim())
      start = index + 1
    }
  }
  return members
}

export const jsonOf = (members: ReadonlyMap<string, string>): string =>
  `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`

const isObject = (json: string): boolean => {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  } catch {
    return false
  }
}
