// The documents say what is so: every refusal explained, every rule carried by a test, every test's rule written down.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { refusalCodes } from '../../src/domain/index.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const under = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
const sorted = (names: Iterable<string>) => [...new Set(names)].sort()

describe('docs/refusals.md', () => {
  it('explains every code there is, and no other', () => {
    const explained = [...read('docs/refusals.md').matchAll(/^\| `([a-z-]+)` +\|/gm)].map(match => match[1]!)
    expect(sorted(explained)).toEqual(sorted(refusalCodes))
    expect(explained).toHaveLength(refusalCodes.length)
  })
})

describe('docs/rules.md', () => {
  const written = [...read('docs/rules.md').matchAll(/^\| ([A-Z]\d+) +\|/gm)].map(match => match[1]!)
  const carried = under('test', '.ts').flatMap(file =>
    [...read(file).matchAll(/['"`]\[([A-Z]\d+)\] /g)].map(match => match[1]!),
  )
  it('numbers each rule once', () => {
    expect(written).toEqual([...new Set(written)])
  })
  it('has the very rules that tests carry in their names', () => {
    expect(sorted(written)).toEqual(sorted(carried))
  })
})

describe('links between documents', () => {
  const documents = ['README.md', ...under('docs', '.md')]
  it.each(documents)('of %s lead somewhere', path => {
    const folder = join(path, '..')
    for (const [, target] of read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      expect(() => readFileSync(join(folder, target!)), `${path} → ${target}`).not.toThrow(/ENOENT/)
  })
})
