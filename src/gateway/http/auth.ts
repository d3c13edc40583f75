// Who somebody is, by their token: a JWT (RFC 7519), signed with the shared secret or by a key of a JWKS (RFC 7517).
import { createSecretKey, type KeyObject } from 'node:crypto'
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import { isRefusal, refuse, type Refusal } from '../../domain/index.ts'
import type { Devices } from '../devices.ts'
import { deviceId, userId, userIdForm } from '../socket/protocol.ts'
import { explain } from '../socket/parse.ts'
import { BadToken, hs256 } from './hs256.ts'
import type { Log } from '../settings.ts'
import type { Timers } from '../timers.ts'

export const roles = ['user', 'auditor', 'analyst', 'admin'] as const
export type TokenRole = (typeof roles)[number]

/** The secret's UTF-8 bytes, at least 32, or where the keys are. */
export type AuthSettings = { readonly secret: string | Buffer } | { readonly jwksUrl: string }

export interface Identity {
  readonly user: string
  readonly device: string
  readonly roles: readonly TokenRole[]
  /** When the token is over, milliseconds since 1970. */
  readonly until: number
  /** When it was issued, milliseconds since 1970; undefined where it does not say. */
  readonly issuedAt: number | undefined
}

export interface Auth {
  /** By the `Authorization` header, or else the token that a URL carried. */
  check(authorization: string | undefined, inUrl?: string | null): Promise<Identity | Refusal>
  /** A token for whoever is named. Undefined where tokens are made elsewhere. */
  readonly issue: ((who: { user: string; roles: readonly TokenRole[]; device?: string }) => string) | undefined
}

const leewaySeconds = 30
const issuedForMs = 24 * 60 * 60 * 1000

export const claims = z.object({
  sub: userId,
  roles: z.array(z.enum(roles, `a role is one of ${roles.join(', ')}`), `an array, any of ${roles.join(', ')}`),
  device: deviceId.default('default'),
})
type Claims = z.infer<typeof claims>

/** Claims as nearly every token has them, told by hand as the schema would; undefined: ask the schema. */
export function usualClaims({ sub, roles: named, device = 'default' }: JWTPayload): Claims | undefined {
  const isUsual = isUserId(sub) && isUserId(device) && Array.isArray(named) && named.every(isRole)
  return isUsual ? { sub, roles: named, device } : undefined
}

const isUserId = (value: unknown): value is string => typeof value === 'string' && userIdForm.test(value)
const isRole = (value: unknown): value is TokenRole => (roles as readonly unknown[]).includes(value)

export function createAuth(settings: AuthSettings, timers: Timers, log: Log, devices: Pick<Devices, 'admit'>): Auth {
  const own = 'secret' in settings ? hs256(keyOf(settings.secret)) : undefined
  const keys = 'jwksUrl' in settings ? createRemoteJWKSet(new URL(settings.jwksUrl)) : undefined
  const verify = async (token: string): Promise<JWTPayload> => {
    if (own) return own.verify(token, timers.now(), leewaySeconds)
    const currentDate = new Date(timers.now())
    return (await jwtVerify(token, keys!, { algorithms: signedWith, clockTolerance: leewaySeconds, currentDate }))
      .payload
  }

  return {
    async check(authorization, inUrl) {
      const token =
        /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? (authorization === undefined ? inUrl : undefined)
      if (!token) return refuse('unauthorized', 'there is no token; send Authorization: Bearer <JWT>')
      let identity: Identity | Refusal
      try {
        identity = identityOf(await verify(token), timers.now())
      } catch (error) {
        if (isAboutToken(error)) return refuse('unauthorized', `the token is not accepted: ${error.message}`)
        log.error({ error }, 'the keys that tokens are checked with could not be read')
        return refuse('busy', 'tokens cannot be checked at the moment', 1000)
      }
      return isRefusal(identity) ? identity : ((await devices.admit(identity)) ?? identity)
    },

    issue:
      own &&
      (({ user, roles, device }) => {
        const iat = timers.now() / 1000 // to the millisecond: a device may have been signed out in this second
        const exp = Math.floor((timers.now() + issuedForMs) / 1000)
        return own.sign({ roles, ...(device === undefined ? {} : { device }), sub: user, iat, exp })
      }),
  }
}

function keyOf(secret: string | Buffer): KeyObject {
  const key = createSecretKey(Buffer.from(secret))
  if (key.symmetricKeySize! < 32)
    throw new Error(`the secret that tokens are checked with has ${key.symmetricKeySize} bytes; at least 32 are needed`)
  return key
}

/** RS, ES and EdDSA: what a public key checks. Never HS, with which whoever reads the JWKS could sign. */
const signedWith = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** A fault of the token, not of the place its keys come from. */
function isAboutToken(error: unknown): error is Error {
  if (error instanceof BadToken) return true
  return (
    error instanceof errors.JOSEError &&
    !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code)
  )
}

function judged(payload: JWTPayload): Claims | Refusal {
  const found = claims.safeParse(payload)
  return found.success ? found.data : refuse('unauthorized', `the token's ${explain(found.error, payload)}`)
}

function identityOf(payload: JWTPayload, now: number): Identity | Refusal {
  const said = usualClaims(payload) ?? judged(payload)
  if (isRefusal(said)) return said
  const ends = payload.exp === undefined ? Infinity : payload.exp * 1000
  // who comes in by the leeway has what is left of it
  const until = ends > now ? ends : ends + leewaySeconds * 1000
  const issuedAt = payload.iat === undefined ? undefined : Math.round(payload.iat * 1000)
  return { user: said.sub, device: said.device, roles: said.roles, until, issuedAt }
}
