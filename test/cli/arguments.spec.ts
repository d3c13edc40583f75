// What the command line says to arguments that are wrong: one line, exit code 1, nothing done.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cli } from './support.ts'

let dir: string
const path = (name: string) => join(dir, name)

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'verbatim-cli-'))
  mkdirSync(path('2024-01-01'))
  mkdirSync(path('other'))
  writeFileSync(path('2024-01-02.txt'), '')
  writeFileSync(path('2024-01-03.txt'), Buffer.from([1, 0, 2]))
  writeFileSync(path('undated.txt'), '[00:00] <a> b\n')
  writeFileSync(path('2024-02-30.txt'), '[00:00] <a> b\n')
  writeFileSync(path('2024-02-29.txt'), '[00:00] <a> b\n')
  writeFileSync(path('other/2024-02-29.txt'), '[00:00] <a> b\n')
})
afterAll(() => rmSync(dir, { recursive: true }))

const irc = (...files: string[]) => ['import', 'irc', ...files.map(path), '--channel', '#c']

describe('the command line', () => {
  it.each<[string, () => string[], RegExp]>([
    ['an unknown command', () => ['serv'], /unknown command 'serv'.*Did you mean serve/],
    ['an unknown command of import', () => ['import', 'ric', 'x'], /unknown command 'ric'.*Did you mean irc/],
    ['an unknown option', () => ['token', 'alice', '--rule', 'user'], /unknown option '--rule'.*Did you mean --role/],
    ['a missing argument', () => ['token'], /missing required argument 'user'/],
    ['too many arguments', () => ['token', 'alice', 'bob'], /too many arguments/],
    [
      'an address that is none',
      () => ['token', 'alice', '--url', 'localhost'],
      /'localhost' is no address of a server/,
    ],
    ['nobody there', () => ['token', 'alice'], /no answer from http:\/\/127.0.0.1:9.*verbatim serve.*--url/],
    ['two places to chat', () => ['chat', 'a', '--to', 'b', '--conversation', 'c', '--token', 't'], /give one of them/],
    ['no channel', () => ['import', 'irc', path('2024-02-29.txt')], /required option '--channel <name>' not specified/],
    ['an empty channel', () => ['import', 'irc', path('2024-02-29.txt'), '--channel', ' '], /--channel is empty/],
    ['no file', () => ['import', 'irc', '--channel', '#c'], /missing required argument 'files'/],
    ['a file that does not exist', () => irc('2024-02-29.txt', '2024-01-09.txt'), /2024-01-09.txt does not exist/],
    ['a directory', () => irc('2024-01-01'), /2024-01-01 is a directory/],
    ['an empty file', () => irc('2024-01-02.txt'), /2024-01-02.txt is empty/],
    ['a binary file', () => irc('2024-01-03.txt'), /2024-01-03.txt is binary/],
    ['a file name without a date', () => irc('undated.txt'), /undated.txt: the name has no date/],
    ['a date that is none', () => irc('2024-02-30.txt'), /2024-02-30.txt: the name has no date/],
    ['two files of one name', () => irc('2024-02-29.txt', 'other/2024-02-29.txt'), /have the same name/],
    ['a speed that is none', () => ['replay', 'c', '--speed', 'fast'], /--speed fast: a number from 0/],
    ['a speed below 0', () => ['replay', 'c', '--speed', '-1'], /--speed -1/],
    ['a day that is none', () => ['replay', 'c', '--day', '2024-13-01'], /--day 2024-13-01/],
    ['a role that there is not', () => ['serve', '--role', 'gateway,chef'], /--role gateway,chef: accepted is all, or/],
  ])('[C10] says in one line what is wrong with %s, and exits with 1', async (_, argv, says) => {
    const { code, out, err } = await cli(argv())
    expect(err).toMatch(says)
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(out).toBe('')
    expect(code).toBe(1)
  })

  it('shows where an error came from only with DEBUG', async () => {
    const { err } = await cli(['token', 'alice'], { DEBUG: '1' })
    expect(err).toMatch(/\n\s+at /)
  })

  it('names its commands when it is asked for help', async () => {
    const { code, out } = await cli(['--help'])
    expect(code).toBe(0)
    for (const name of ['serve', 'store', 'token', 'chat', 'import', 'replay', 'doctor'])
      expect(out).toContain(`  ${name}`)
  })

  it('asks the server that VERBATIM_URL names, or the one at PORT', async () => {
    expect((await cli(['token', 'alice'], { VERBATIM_URL: 'http://127.0.0.1:7' })).err).toContain('http://127.0.0.1:7')
    expect((await cli(['token', 'alice'], { VERBATIM_URL: undefined, PORT: '11' })).err).toContain(
      'http://127.0.0.1:11',
    )
  })

  it('counts a log without sending anything in a dry run', async () => {
    const { code, out } = await cli([...irc('2024-02-29.txt'), '--dry-run'])
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual(expect.arrayContaining(['files 1', 'lines 1', 'messages 1', 'nothing was sent']))
  })

  it('says in the doctor’s lines what fails and what to do, and exits with 1', async () => {
    const { code, out } = await cli(['doctor'])
    expect(out).toMatch(/^ok {4}node: \d/)
    expect(out).toMatch(/^FAIL {2}server: no answer from http:\/\/127.0.0.1:9.*verbatim serve/m)
    expect(code).toBe(1)
  })
})
