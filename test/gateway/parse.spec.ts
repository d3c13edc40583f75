// What clients send, checked: what is found is said, and a body stays as it came.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutMember } from '../../src/gateway/socket/json-member.ts'
import { parseFrame } from '../../src/gateway/socket/parse.ts'
import { clientFrames } from '../../src/gateway/socket/protocol.ts'

const id = '0194f6a0-0000-7000-8000-000000000001'
const parse = (text: string) => parseFrame(text, 100)
const because = (text: string) => {
  const parsed = parse(text)
  if (!('refusal' in parsed)) throw new Error(`accepted: ${text}`)
  return parsed.refusal.because!
}

const good: Record<keyof typeof clientFrames, object> = {
  send: { type: 'send', id, to: { user: 'bob' }, body: { text: 'hi' } },
  edit: { type: 'edit', id, conversation: 'c', message: id, body: { text: 'hi' } },
  retract: { type: 'retract', id, conversation: 'c', message: id },
  react: { type: 'react', id, conversation: 'c', message: id, reaction: '👍', on: true },
  delivered: { type: 'delivered', conversation: 'c', upTo: 3 },
  read: { type: 'read', conversation: 'c', upTo: 3 },
  typing: { type: 'typing', conversation: 'c' },
  watch: { type: 'watch', users: ['bob'] },
  unwatch: { type: 'unwatch', users: ['bob'] },
  activity: { type: 'activity' },
  resume: { type: 'resume', cursor: 'x' },
  ping: { type: 'ping' },
}
const bad: Record<keyof typeof clientFrames, object[]> = {
  send: [
    { ...good.send, id: 'x' },
    { ...good.send, id: undefined },
    { ...good.send, to: { user: 'b b' } },
    { ...good.send, to: { user: 'bob', conversation: 'c' } },
    { ...good.send, to: 'bob' },
    { ...good.send, body: undefined },
    { ...good.send, origin: 'system' },
  ],
  edit: [
    { ...good.edit, id: 'x' },
    { ...good.edit, message: undefined },
    { ...good.edit, body: undefined },
  ],
  retract: [
    { ...good.retract, id: undefined },
    { ...good.retract, conversation: '' },
    { ...good.retract, message: 7 },
  ],
  react: [
    { ...good.react, reaction: '' },
    { ...good.react, reaction: 'well done' },
    { ...good.react, reaction: 'x'.repeat(65) },
    { ...good.react, reaction: '\ud83d' },
    { ...good.react, on: 'yes' },
  ],
  delivered: [
    { ...good.delivered, upTo: 1.5 },
    { ...good.delivered, upTo: '3' },
    { ...good.delivered, conversation: 1 },
  ],
  read: [
    { ...good.read, upTo: null },
    { ...good.read, conversation: '' },
  ],
  typing: [{ type: 'typing' }, { ...good.typing, conversation: 1 }],
  watch: [
    { ...good.watch, users: [] },
    { ...good.watch, users: 'bob' },
    { ...good.watch, users: [''] },
  ],
  unwatch: [{ ...good.unwatch, users: [1] }],
  activity: [{ type: 'activity', origin: 'me' }],
  resume: [{ type: 'resume' }, { type: 'resume', cursor: 5 }],
  ping: [{ type: 'ping', origin: 1 }],
}

describe('a frame', () => {
  it('[G12] of each type is accepted, and refused with a sentence where a field is not what it should be', () => {
    for (const type of Object.keys(clientFrames) as (keyof typeof clientFrames)[]) {
      expect(parse(JSON.stringify(good[type]))).toHaveProperty('frame')
      for (const one of bad[type]) {
        const parsed = parse(JSON.stringify(one))
        expect(parsed).toMatchObject({ refusal: { refused: 'bad-frame' } })
        expect(because(JSON.stringify(one))).toMatch(/^\S+ is .+: .+/)
      }
    }
  })

  it('[G12] that is none is told what was found and what is accepted', () => {
    expect(because('{')).toBe('this is not JSON; a frame is one JSON object')
    expect(because('[]')).toBe('this is an array; a frame is one JSON object')
    expect(because('null')).toBe('this is null; a frame is one JSON object')
    expect(because('{"type":"shout"}')).toMatch(
      /^type is "shout"; accepted are send, edit, retract, react, delivered, /,
    )
    expect(because('{}')).toMatch(/^type is missing; /)
    expect(because('{"type":"constructor"}')).toMatch(/^type is "constructor"; /)
    expect(because(JSON.stringify({ ...good.read, upTo: 'x' }))).toBe('upTo is "x": a seq, a whole number')
  })

  it('[G12] that is refused keeps its id, so that who sent it knows which', () => {
    expect(parse(JSON.stringify({ ...good.send, to: 1 }))).toMatchObject({ id })
    expect(parse(JSON.stringify({ ...good.send, body: { text: 'x'.repeat(100) } }))).toMatchObject({
      refusal: { refused: 'too-large' },
      id,
    })
  })

  it('[G13] may have a body of exactly the limit, in bytes of UTF-8, and no more', () => {
    const withText = (text: string) => parse(JSON.stringify({ ...good.send, body: { text } }))
    expect(withText('é'.repeat(44) + 'x')).toHaveProperty('frame')
    expect(withText('é'.repeat(45))).toHaveProperty('refusal.refused', 'too-large')
  })

  it('[G13] has its body taken as it came: numbers, order and spaces too', () => {
    const body = '{ "z":1.0, "a":12345678901234567890,"text":"\\u00e9\\ud800" ,"__proto__":{}, "1":[ ]}'
    const text = `{"body":{"text":"first"},"to":{"user":"bob"},"type":"send","\\u0062ody" : ${body} ,"id":"${id}"}`
    expect(parse(text)).toMatchObject({ body })
  })

  it('[G13] finds in any object what JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.nat(3), (rest, body, indent) => {
        const whole = { ...rest, body, zz: rest }
        const cut = cutMember(JSON.stringify(whole, null, indent), 'body')!
        expect(JSON.parse(cut.member!)).toEqual(JSON.parse(JSON.stringify(body)))
        expect(JSON.parse(cut.rest)).toEqual(JSON.parse(JSON.stringify({ ...whole, body: null })))
      }),
    )
    expect(cutMember('{}', 'body')!.member).toBeUndefined()
    expect(cutMember('{"a":{"body":1}}', 'body')!.member).toBeUndefined()
  })

  it('[N1] has its body left closed: the gateway takes what only the command stage will refuse', () => {
    for (const body of ['{bad}', '5', '{"text":1}', '[["]"]]', ''])
      expect(parse(`{"type":"send","id":"${id}","to":{"user":"bob"},"body":${body}}`)).toEqual({
        frame: { type: 'send', id, to: { user: 'bob' } },
        body,
      })
    for (const text of ['{"type":"send","body":{"a":1}', '{"body":"', '{"body', '{"body":{]', '{"body":1']) {
      expect(because(text)).toBe('this is not JSON; a frame is one JSON object')
    }
  })

  it('[N1] is JSON exactly where its envelope and its body are, wherever its text was damaged', () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    const characters = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', ' ', '\n', 'x', '1', 'body', '"body":')
    const frame = fc.record({ a: fc.jsonValue(), body: fc.jsonValue(), z: fc.jsonValue() })
    fc.assert(
      fc.property(frame, fc.nat(), fc.nat(3), characters, (value, place, taken, put) => {
        const whole = JSON.stringify(value)
        const at = place % whole.length
        const damaged = whole.slice(0, at) + put + whole.slice(at + taken)
        const cut = cutMember(damaged, 'body')
        const parts = cut ? [cut.rest, ...(cut.member === undefined ? [] : [cut.member])] : ['']
        expect([damaged, parts.every(isJson)]).toEqual([damaged, isJson(damaged)])
      }),
      { numRuns: 2000 },
    )
  })
})
