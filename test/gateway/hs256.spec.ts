// Tokens of the shared secret: what is accepted is what the library for JWTs accepts, spelled in one way.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { type JWTPayload, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { BadToken, hs256 } from '../../src/gateway/http/hs256.ts'

const now = Date.parse('2026-01-01T00:00:00.000Z')
const seconds = now / 1000
const key = createSecretKey(randomBytes(32))
const leeway = 30
const tokens = hs256(key)
const json = (value: unknown) => JSON.stringify(value)
const part = (text: string | Buffer) => Buffer.from(text).toString('base64url')
const mac = (signed: string) => createHmac('sha256', key).update(signed).digest('base64url')
const signed = (header: string | Buffer, payload: string | Buffer) => {
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${mac(text)}`
}

const ours = (token: string): JWTPayload | undefined => {
  try {
    return tokens.verify(token, now, leeway)
  } catch (error) {
    expect(error).toBeInstanceOf(BadToken)
    return undefined
  }
}
const theirs = (token: string): Promise<JWTPayload | undefined> =>
  jwtVerify(token, key, { algorithms: ['HS256'], clockTolerance: leeway, currentDate: new Date(now) }).then(
    ({ payload }) => payload,
    () => undefined,
  )

describe('tokens of the shared secret', () => {
  it('[J51] one that was signed with it is accepted, here and by the library', async () => {
    const claims = { sub: 'alice', roles: ['user'], iat: seconds + 0.25, exp: seconds + 60, name: 'Ålice 🌞' }
    const token = tokens.sign(claims)
    expect(ours(token)).toEqual(claims)
    expect(await theirs(token)).toEqual(claims)
  })

  const good = json({ sub: 'alice' })
  const hs = json({ alg: 'HS256' })
  const token = signed(hs, good)
  const [head, body, end] = token.split('.') as [string, string, string]
  const time = (times: object) => signed(hs, json({ sub: 'alice', ...times }))
  const bad: Record<string, string> = {
    nothing: '',
    'two parts': `${head}.${body}`,
    'four parts': `${token}.x`,
    'no signature': `${head}.${body}.`,
    'another signature': `${head}.${body}.${mac('else')}`,
    'half a signature': `${head}.${body}.${end.slice(0, 20)}`,
    'another payload': `${head}.${part(json({ sub: 'bob' }))}.${end}`,
    'alg none': `${part(json({ alg: 'none' }))}.${body}.`,
    'alg none, signed': signed(json({ alg: 'none' }), good),
    'alg HS512': signed(json({ alg: 'HS512' }), good),
    'alg RS256': signed(json({ alg: 'RS256' }), good),
    'alg in small letters': signed(json({ alg: 'hs256' }), good),
    'no alg': signed('{}', good),
    'a critical extension': signed(json({ alg: 'HS256', crit: ['exp'], exp: 1 }), good),
    'an unencoded payload': signed(json({ alg: 'HS256', crit: ['b64'], b64: false }), good),
    'an empty list of extensions': signed(json({ alg: 'HS256', crit: [] }), good),
    'a header that is no object': signed('[]', good),
    'a header that is no JSON': signed('{', good),
    'a payload that is no object': signed(hs, '[]'),
    'a payload of null': signed(hs, 'null'),
    'a payload that is no JSON': signed(hs, '{'),
    'a payload that is no UTF-8': signed(hs, Buffer.from([0x22, 0xff, 0x22])),
    'over for longer than the leeway': time({ exp: seconds - leeway }),
    'not yet, by more than the leeway': time({ nbf: seconds + leeway + 1 }),
    'exp as text': time({ exp: String(seconds + 60) }),
    'nbf of null': time({ nbf: null }),
    'iat as text': time({ iat: 'now' }),
  }
  it.each(Object.entries(bad))('[J51] refused, here and by the library: %s', async (_, wrong) => {
    expect(ours(wrong)).toBeUndefined()
    expect(await theirs(wrong)).toBeUndefined()
  })

  const fine: Record<string, string> = {
    'a header with more in it': signed(json({ typ: 'JWT', alg: 'HS256', kid: '1' }), good),
    'over for less than the leeway': time({ exp: seconds - leeway + 1 }),
    'not yet, by less than the leeway': time({ nbf: seconds + leeway }),
  }
  it.each(Object.entries(fine))('[J51] accepted, here and by the library: %s', async (_, right) => {
    expect(ours(right)).toBeDefined()
    expect(await theirs(right)).toEqual(ours(right))
  })

  it('[J51] a signature is accepted in one spelling', () => {
    const others = [`${token}=`, `${head}.${body}.${end.slice(0, -1)}${String.fromCharCode(end.charCodeAt(42) + 1)}`]
    for (const other of others) expect(ours(other)).toBeUndefined()
    const plain = Buffer.from(end, 'base64url').toString('base64')
    if (plain !== `${end}=`) expect(ours(`${head}.${body}.${plain}`)).toBeUndefined()
  })

  it('[J51] a token with any of its characters changed is refused', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const other = token.slice(0, at) + String.fromCharCode(code) + token.slice(at + 1)
        expect(ours(other) === undefined).toBe(other !== token)
      }),
    )
  })
})
