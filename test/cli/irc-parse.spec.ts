// Lines of an IRC log, of every kind that occurs.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, spacedNicks } from '../../src/cli/irc/parse.ts'
import { userOf } from '../../src/cli/irc/user.ts'

const at = (h: number, m: number, s = 0) => h * 3600 + m * 60 + s

describe('a line of an IRC log', () => {
  it.each([
    ['[09:14] <ada> hello  there ', { is: 'said', nick: 'ada', text: 'hello  there ', time: at(9, 14) }],
    ['[09:14:05] <ada> hello', { is: 'said', nick: 'ada', text: 'hello', time: at(9, 14, 5) }],
    ['[09:14] <ada> <bob> quoted', { is: 'said', nick: 'ada', text: '<bob> quoted', time: at(9, 14) }],
    ['[09:14] <ada>  * a list', { is: 'said', nick: 'ada', text: ' * a list', time: at(9, 14) }],
    [
      '[09:14] <ada> === bob [x@y]  has joined #c',
      { is: 'said', nick: 'ada', text: '=== bob [x@y]  has joined #c', time: at(9, 14) },
    ],
    ['[09:14] <[a] da> hi', { is: 'said', nick: '[a] da', text: 'hi', time: at(9, 14) }],
    ['[09:14] <ada[X] > hi', { is: 'said', nick: 'ada[X] ', text: 'hi', time: at(9, 14) }],
    ['[09:14] <ada>', { is: 'empty', time: at(9, 14) }],
    ['[09:14] <ada>   ', { is: 'empty', time: at(9, 14) }],
    ['[09:14]  * ada waves', { is: 'action', nick: 'ada', text: 'waves', time: at(9, 14) }],
    ['[09:14]  * ada', { is: 'empty', time: at(9, 14) }],
    ['[09:14] -ada:#c- buy this', { is: 'notice', time: at(9, 14) }],
    ['[09:14] -a-d-a:#c- buy this', { is: 'notice', time: at(9, 14) }],
    ['=== ada waves', { is: 'action', nick: 'ada', text: 'waves' }],
    ['=== ada has joined in the fun', { is: 'action', nick: 'ada', text: 'has joined in the fun' }],
    ['=== ada', { is: 'empty' }],
    ['=== ada [~a@host]  has joined #c', { is: 'join', nick: 'ada' }],
    ['=== ada [~a@host]  has joined #C', { is: 'join', nick: 'ada' }],
    ['=== [a] da [n=a@host]  has joined #c', { is: 'join', nick: '[a] da' }],
    ['=== ada[X]  [n=ada[X]@host]  has joined #c', { is: 'join', nick: 'ada[X] ' }],
    ['=== ada [~a@host]  has left #c []', { is: 'part', nick: 'ada' }],
    ['=== ada [~a@host]  has left #c ["so [long]  has left #d"]', { is: 'part', nick: 'ada' }],
    ['=== ada [~a@host]  has left #c ["cut', { is: 'part', nick: 'ada' }],
    ['=== ada [~a@host]  has quit [Ping timeout]', { is: 'quit', nick: 'ada' }],
    ['=== ada is now known as ada|away', { is: 'rename', nick: 'ada', to: 'ada|away' }],
    ['=== [a] da is now known as ada', { is: 'rename', nick: '[a] da', to: 'ada' }],
    ['=== ada was kicked off #c by bob (enough)', { is: 'kick', nick: 'ada' }],
    ['=== mode/#c [+o ada]  by bob', { is: 'mode' }],
    ['=== mode/#c [+b *!*@*.example.com!#c-ops]  by bob', { is: 'mode' }],
    ['=== ServerMode/#c [+v ada]  by a.server', { is: 'mode' }],
    ['', { is: 'empty' }],
    ['   ', { is: 'empty' }],
    ['hello', { is: 'unreadable' }],
    ['===', { is: 'unreadable' }],
    ['[25:00] <ada> hi', { is: 'unreadable' }],
    ['[09:60] <ada> hi', { is: 'unreadable' }],
    ['[9:14] <ada> hi', { is: 'unreadable' }],
    ['[09:14] ada: hi', { is: 'unreadable', time: at(9, 14) }],
    ['[09:14] <> hi', { is: 'unreadable', time: at(9, 14) }],
  ])('%j is read as %j', (line, what) => {
    expect(parse(line)).toEqual(what)
  })

  it('is read as something, whatever it consists of', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('[09:14]', ' <a> ', ' * ', '=== ', ' [h] ', ' has joined #c', 'mode/#c ['),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), pieces => {
        expect(parse(pieces.join('')).is).toBeTypeOf('string')
      }),
    )
  })

  it('[C11] knows where a nick with a space ends, from lines where that is clear', () => {
    const lines = ['=== [a] da bows', '[09:14] <[a] da> hi', '=== b c [h@x]  has joined #c', '[09:15]  * b c nods']
    const spaced = spacedNicks(lines)
    expect(spaced).toEqual(['[a] da', 'b c'])
    expect(lines.map(line => parse(line, spaced))).toMatchObject([
      { is: 'action', nick: '[a] da', text: 'bows' },
      { is: 'said', nick: '[a] da' },
      { is: 'join', nick: 'b c' },
      { is: 'action', nick: 'b c', text: 'nods' },
    ])
    expect(parse('=== [a] da bows')).toMatchObject({ nick: '[a]', text: 'da bows' })
  })
})

describe('a nick', () => {
  it('becomes a user id by replacing what no user id may have, and by being cut', () => {
    expect(userOf('a[d] a')).toBe('a[d]_a')
    expect(userOf('ada[X] ')).toBe('ada[X]_')
    expect(userOf('\\^{}|`_-[]@.')).toBe('\\^{}|`_-[]@.')
    expect(userOf('é😀')).toBe('__')
    expect(userOf('x'.repeat(70))).toHaveLength(64)
  })

  it('stays what it is where it differs from another only in case', () => {
    expect(userOf('Ada')).not.toBe(userOf('ada'))
  })

  it('is always a user id', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), nick => {
        expect(userOf(nick)).toMatch(/^[A-Za-z0-9._\-@[\]\\^{}|`]{1,64}$/)
      }),
    )
  })
})
