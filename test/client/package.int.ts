// The package, as whoever installs it has it: its entries, their types, and that browsers can load the one that is for them.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { exports, files } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>
  files: string[]
}

/** What a built module loads, and what that loads. */
function loads(path: string, found = new Set<string>()): Set<string> {
  for (const [, name] of readFileSync(path, 'utf8').matchAll(/(?:from|import) ['"]([^'"]+)['"]/g)) {
    const local = name!.startsWith('.') ? resolve(dirname(path), name!) : name!
    if (found.has(local)) continue
    found.add(local)
    if (local !== name) loads(local, found)
  }
  return found
}

describe('the package', () => {
  it('[C30] has the SDK and its file storage as entries, built and with types', () => {
    for (const entry of ['./client', './client/node']) {
      const at = exports[entry]
      if (typeof at !== 'object') throw new Error(`${entry} is no entry`)
      expect(existsSync(resolve(root, at.types))).toBe(true)
      expect(existsSync(resolve(root, at.default))).toBe(true)
    }
    expect(files).toContain('dist')
  })

  it('[C30] is found by its name', async () => {
    const [client, node] = ['verbatim/client', 'verbatim/client/node']
    expect(Object.keys((await import(client)) as object)).toEqual(
      expect.arrayContaining([
        'api',
        'connect',
        'indexedDbStorage',
        'localStorageStorage',
        'Refused',
        'Closed',
        'NotKept',
      ]),
    )
    expect(Object.keys((await import(node)) as object)).toEqual(['fileStorage'])
  })

  it('[C30] loads nothing of Node for browsers', () => {
    const others = [...loads(resolve(root, 'dist/client/index.js'))].filter(name => !name.startsWith('/'))
    expect(others).toEqual(['uuid'])
  })
})
