// Tokens of the shared secret: a JWT (RFC 7519) as a compact JWS (RFC 7515 §7.1) with HMAC-SHA-256 (RFC 7518 §3.2), and nothing
// else. Checked at once: a library that goes through Web Crypto takes a thread's round trip for 3 µs of hashing.
import { isUtf8 } from 'node:buffer'
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'

/** What is wrong with a token, in words for who sent it. */
export class BadToken extends Error {}

export interface Hs256 {
  sign(claims: JWTPayload): string
  /** Its claims, where it was signed with this key and its time is now (milliseconds since 1970). Throws BadToken. */
  verify(token: string, now: number, leewaySeconds: number): JWTPayload
}

const compact = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/

export function hs256(key: KeyObject): Hs256 {
  const mac = (signed: string) => createHmac('sha256', key).update(signed).digest('base64url')
  const ours = base64url({ alg: 'HS256' })
  /** The last header that was good: an issuer's are all the same. */
  let known = ours

  return {
    sign(claims) {
      const signed = `${ours}.${base64url(claims)}`
      return `${signed}.${mac(signed)}`
    },

    verify(token, now, leewaySeconds) {
      const [, header, payload, signature] = compact.exec(token) ?? []
      if (header === undefined || payload === undefined || signature === undefined)
        throw new BadToken('it is no JWT: three parts in base64url, with dots between them')
      if (header !== known) checkHeader(objectOf(header, 'header'))
      if (!isSame(signature, mac(`${header}.${payload}`))) throw new BadToken('signature verification failed')
      known = header
      const claims = objectOf(payload, 'payload')
      checkTimes(claims, Math.floor(now / 1000), leewaySeconds)
      return claims
    },
  }
}

const base64url = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url')

/** The algorithm is the key's, not the token's (RFC 8725 §3.1); an extension that must be understood is not (RFC 7515 §4.1.11). */
function checkHeader(header: Record<string, unknown>): void {
  if (header.alg !== 'HS256') throw new BadToken(`its "alg" is ${JSON.stringify(header.alg)}; HS256 is accepted`)
  if ('crit' in header) throw new BadToken('its header has "crit", and no extension is understood')
}

/** The texts are compared, not what they decode to: of one signature there is one spelling. */
function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

function objectOf(part: string, what: string): Record<string, unknown> {
  let found: unknown
  const bytes = Buffer.from(part, 'base64url')
  try {
    found = isUtf8(bytes) ? JSON.parse(bytes.toString()) : undefined
  } catch {
    throw new BadToken(`its ${what} is no JSON`)
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new BadToken(`its ${what} is no JSON object`)
  return found as Record<string, unknown>
}

/** RFC 7519 §4.1.4 to §4.1.6: seconds since 1970, perhaps with a fraction. */
function checkTimes(claims: Record<string, unknown>, now: number, leeway: number): asserts claims is JWTPayload {
  const { iat, nbf, exp } = claims
  for (const [name, time] of Object.entries({ iat, nbf, exp }))
    if (time !== undefined && typeof time !== 'number') throw new BadToken(`its "${name}" is no number`)
  if ((nbf as number) > now + leeway) throw new BadToken('its "nbf" is still to come')
  if ((exp as number) <= now - leeway) throw new BadToken('its "exp" is past')
}
