// What a word is, what a question is.
import { describe, expect, it } from 'vitest'
import { asked, mostWords } from '../../../src/projections/search/asked.ts'
import { Vector } from '../../../src/projections/search/lexemes.ts'
import { wordsOf } from '../../../src/projections/search/words.ts'

const words = (text: string) => [...wordsOf(text)]

describe('words', () => {
  it.each([
    ['Lunch at NOON?', ['lunch', 'at', 'noon']],
    ['café CAFÉ cafe\u0301 ＣＡＦＥ', ['cafe', 'cafe', 'cafe', 'cafe']],
    ['Straße STRASSE', ['strasse', 'strasse']],
    ['ΟΔΟΣ οδός', ['οδοσ', 'οδοσ']],
    ['Ёлка елка, but й is not и', ['елка', 'елка', 'but', 'й', 'is', 'not', 'и']],
    ['İstanbul', ['istanbul']],
    ["don’t don't", ['don', 't', 'don', 't']],
    ['mail me@example.com, v2.1_final', ['mail', 'me', 'example', 'com', 'v2', '1', 'final']],
    ['हिन्दी', ['हिन्दी']],
    ['', []],
    ['?!… — "', []],
  ])('[FS1] of %j are %j', (text, expected) => expect(words(text)).toEqual(expected))

  it.each([
    ['我在北京大学', ['我', '在', '北', '京', '大', '学']],
    ['がんばって！タワー', ['が', 'ん', 'ば', 'っ', 'て', 'タ', 'ワ', 'ー']],
    ['サーバ 2台', ['サ', 'ー', 'バ', '2', '台']],
    ['스타벅스에서 만나', ['스타벅스에서', '만나']],
    ['สวัสดีชาวโลก', ['สวัสดี', 'ชาว', 'โลก']],
    ['🎉party🎉', ['🎉', 'party', '🎉']],
  ])('[FS1] of scripts without spaces are characters, or what a dictionary tells: %j', (text, expected) =>
    expect(words(text)).toEqual(expected),
  )
})

describe('a question', () => {
  const one = (...wanted: string[][]) => ({ wanted, unwanted: [] })
  it.each([
    ['new york', [one(['new'], ['york'])]],
    ['"New York" lunch', [one(['new', 'york'], ['lunch'])]],
    ['“new york', [one(['new', 'york'])]],
    ['example.com', [one(['example', 'com'])]],
    ['北京', [one(['北', '京'])]],
    ['tea -milk -"brown sugar"', [{ wanted: [['tea']], unwanted: [['milk'], ['brown', 'sugar']] }]],
    ['black tea or coffee', [one(['black'], ['tea']), one(['coffee'])]],
    ['tea OR or', [one(['tea'])]],
    ['"this or that"', [one(['this', 'or', 'that'])]],
    ['tea , - !', [one(['tea'])]],
    ['- e-mail', [one(['e', 'mail'])]],
  ])('[FS2] %j is understood', (text, expected) => expect(asked(text)).toEqual(expected))

  it.each([
    ['', /no word/],
    ['?!', /no word/],
    ['or', /no word/],
    ['-tea', /only says what is not wanted/],
    ['tea or -milk', /only says what is not wanted/],
    ['a '.repeat(mostWords + 1), /33 words; at most 32/],
  ])('[FS2] %j is none, and it is said why', (text, why) =>
    expect(asked(text)).toEqual({ wrong: expect.stringMatching(why) as string }),
  )
})

it('[FS1] a text of any length has a vector that Postgres takes', () => {
  const vector = new Vector()
  for (let n = 0; n < 20_000; n++) vector.add(n % 2 ? 'same' : `w${n}`)
  const text = vector.toString()
  expect(text.split('same:')[1]!.split(' ')[0]!.split(',')).toHaveLength(256)
  expect(text).toContain('w19998:16383')
})
