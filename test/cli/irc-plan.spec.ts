// A log as the entries of an imported history.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linesOf } from '../../src/cli/irc/files.ts'
import { batches, idOf, plan } from '../../src/cli/irc/plan.ts'

const planned = (...lines: string[]) => plan('#c', { source: '2024-02-28.txt', date: '2024-02-28', lines })
const times = (...lines: string[]) => planned(...lines).entries.map(({ at }) => at)

describe('the plan of an import', () => {
  it('says who joined, left and said what, by line', () => {
    const { entries, counts, unreadable, lines } = planned(
      '=== ada [~a@host]  has joined #c',
      '[09:14] <ada> hi',
      '[09:14]  * bob waves',
      '=== ada is now known as ada|away',
      '=== bob was kicked off #c by op (x)',
      '=== ada|away [~a@host]  has left #c []',
      '[09:15] -spam:#c- buy',
      '[09:15] <bob>',
      '=== mode/#c [+o op]  by op',
      'what?',
    )
    const at = '2024-02-28T09:14:00.000Z'
    const id = (line: number) => idOf('#c', '2024-02-28.txt', line)
    expect(entries).toEqual([
      { line: 1, at, user: 'ada', what: 'joined' },
      { line: 2, at, user: 'ada', what: 'said', id: id(2), body: { text: 'hi' } },
      { line: 3, at, user: 'bob', what: 'said', id: id(3), body: { text: '/me waves' } },
      { line: 4, at, user: 'ada', what: 'left' },
      { line: 4, at, user: 'ada|away', what: 'joined' },
      { line: 5, at, user: 'bob', what: 'left' },
      { line: 6, at, user: 'ada|away', what: 'left' },
    ])
    expect(counts).toEqual({ messages: 2, joins: 1, leaves: 2, renames: 1, notices: 1, empty: 1, modes: 1 })
    expect(unreadable).toEqual([10])
    expect(lines).toBe(10)
  })

  it('[C12] counts every line exactly once', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '[09:14] <a> b',
        '=== a [h]  has joined #c',
        '=== a is now known as b',
        '[09:15] -n- x',
        '=== a b',
      ),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), lines => {
        const { counts, unreadable } = planned(...lines)
        const counted = Object.values<number>({ ...counts }).reduce((sum, count) => sum + count, 0)
        expect(counted + unreadable.length).toBe(lines.length)
      }),
    )
  })

  it('gives lines without a time that of the last line that has one, and those before it the first', () => {
    expect(times('=== a waves', '[09:14] <a> b', '=== a waves', '[09:20] <a> b', '=== a waves')).toEqual(
      ['09:14', '09:14', '09:14', '09:20', '09:20'].map(time => `2024-02-28T${time}:00.000Z`),
    )
  })

  it('is on the next day past midnight, as often as that comes', () => {
    expect(times('[23:59] <a> b', '[00:00] <a> b', '=== a waves', '[11:55] <a> b', '[00:05] <a> b')).toEqual([
      '2024-02-28T23:59:00.000Z',
      '2024-02-29T00:00:00.000Z',
      '2024-02-29T00:00:00.000Z',
      '2024-02-29T11:55:00.000Z',
      '2024-03-01T00:05:00.000Z',
    ])
  })

  it('stays on its day where a clock was set back', () => {
    expect(times('[03:00] <a> b', '[02:00] <a> b', '[02:59] <a> b')).toEqual(
      ['03:00', '02:00', '02:59'].map(time => `2024-02-28T${time}:00.000Z`),
    )
  })

  it('[C13] gives a message the same id each time, and another for another line, file or channel', () => {
    expect(idOf('#c', 'f', 1)).toBe(idOf('#c', 'f', 1))
    expect(new Set([idOf('#c', 'f', 1), idOf('#c', 'f', 2), idOf('#c', 'g', 1), idOf('#d', 'f', 1)]).size).toBe(4)
    // never to be changed: what was imported once would be imported again
    expect(idOf('#c', '2024-02-28.txt', 1)).toBe('730a3ee9-d1b2-5ce4-847f-cfd0d980b041')
  })

  it('comes in batches that hold whole lines, all of them, and end with the file', () => {
    const line = fc.constantFrom('[09:14] <a> b', '=== a is now known as b', 'x')
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.integer({ min: 2, max: 9 }), (lines, most) => {
        const history = planned(...lines)
        const all = [...batches(history, most)]
        expect(all.flatMap(({ entries }) => entries)).toEqual(history.entries)
        expect(all.at(-1)?.upToLine).toBe(lines.length)
        let before = 0
        for (const { entries, upToLine } of all) {
          expect(entries.length).toBeLessThanOrEqual(most)
          for (const { line } of entries) {
            expect(line).toBeGreaterThan(before)
            expect(line).toBeLessThanOrEqual(upToLine)
          }
          before = upToLine
        }
      }),
    )
  })
})

describe('a file’s lines', () => {
  const lines = (text: string | Buffer) => linesOf(Buffer.from(text)).map(line => line.toString('latin1'))

  it('end with LF or CRLF, and the last one need not end', () => {
    expect(lines('a\r\n\nb\nc')).toEqual(['a', '', 'b', 'c'])
    expect(lines('a\n')).toEqual(['a'])
    expect(lines('\r\n')).toEqual([''])
  })

  it('do not have the mark at the start of the file', () => {
    expect(lines('\uFEFFa\n')).toEqual(['a'])
  })
})
