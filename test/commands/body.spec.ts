// Bodies are opened in the command stage: what is none is told with what was found, and never repeated.
import { isRefusal } from '../../src/domain/index.ts'
import { describe, expect, it } from 'vitest'
import { openBody } from '../../src/commands/body.ts'

const because = (text: string) => {
  const opened = openBody(text)
  return isRefusal(opened) ? opened.because : undefined
}

describe('a body', () => {
  it('[N1] is the client’s own: any JSON object will do', () => {
    for (const text of ['{}', '{"text":"hi"}', '{"text":"","mine":[1,{"deep":null}]}', ' { "__proto__" : 5 } '])
      expect(openBody(text)).toEqual({ content: text })
  })

  it('[N1] says what it names and what it answers, once each and in lower case', () => {
    const [media, message] = ['2f0c5f0e-6d0b-4f0e-8a53-0a3a3a2b1c01', 'C0FFEE00-6d0b-4f0e-8a53-0a3a3a2b1c02']
    const text = JSON.stringify({ text: 'x', attachments: [media, media.toUpperCase()], replyTo: message })
    const attachments = [{ media, grant: null }]
    expect(openBody(text)).toEqual({ content: text, replyTo: message.toLowerCase(), attachments })
  })

  it('[N1] that is none is refused by the command stage, with the place and what was found there', () => {
    expect(openBody('{bad}')).toMatchObject({ refused: 'bad-frame' })
    expect(because('')).toBe('body is not JSON; a frame is one JSON object')
    expect(because('5')).toMatch(/^body is a number: /)
    expect(because('null')).toMatch(/^body is null: /)
    expect(because('{"text":{"a":"secret"}}')).toBe('body.text is an object: a string')
    expect(because('{"attachments":["secret"]}')).toBe('body.attachments.0 is a string: a UUID')
    expect(because('{"replyTo":"secret"}')).toMatch(/^body\.replyTo is a string: /)
  })
})
