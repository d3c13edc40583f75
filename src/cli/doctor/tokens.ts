// As whom the doctor looks: with the tokens it is given, or throwaway users, where it can get or sign tokens for them.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, SignJWT } from 'jose'
import { addressIn } from '../../address.ts'
import { api, Refused } from '../../client/index.ts'
import { Complaint } from '../complain.ts'
import type { ServerOptions } from '../server.ts'
import { impatientFetch } from './wait.ts'

export interface TokenOptions extends ServerOptions {
  readonly peerToken?: string
  readonly auditorToken?: string
}

export interface People {
  /** Where the tokens come from, in words. */
  readonly from: string
  /** Who writes, who gets it (left out: nobody but themselves), who reads the record (left out: nobody). */
  readonly author: string
  readonly reader?: string
  readonly auditor?: string
  /** Whether nobody is bothered by what they do. */
  readonly throwaway: boolean
}

interface Who {
  readonly user: string
  readonly roles: readonly string[]
}
type Issue = (who: Who) => Promise<string>

/** Throws a Complaint where the options do not fit together: nothing is looked at then. */
export function checkTokens({ token, peerToken, auditorToken }: TokenOptions): void {
  if (token === undefined && (peerToken !== undefined || auditorToken !== undefined))
    throw new Complaint('--peer-token and --auditor-token go with --token: pass it, too')
  const [author, reader] = [token, peerToken].map(one => (one === undefined ? undefined : userIn(one)))
  if (author !== undefined && author === reader)
    throw new Complaint(`--token and --peer-token are both of ${author}: pass another person's as --peer-token`)
}

/** Whose a token is, as it says itself; it is the server that checks it. Undefined where it is none. */
export function userIn(token: string): string | undefined {
  try {
    return decodeJwt(token).sub
  } catch {
    return undefined
  }
}

export async function peopleFor(options: TokenOptions, env: NodeJS.ProcessEnv): Promise<People> {
  const { url, token: author, peerToken: reader, auditorToken: auditor } = options
  if (author !== undefined) {
    const given = { author, ...(reader ? { reader } : {}), ...(auditor ? { auditor } : {}) }
    return { from: `the given token${reader || auditor ? 's' : ''}`, throwaway: false, ...given }
  }
  const issuer = await issuerFor(url, env)
  const tag = randomBytes(4).toString('hex')
  const of = (user: string, role = 'user') => issuer.issue({ user, roles: [role] })
  const [first, second, third] = await Promise.all([
    of(`doctor-${tag}-a`),
    of(`doctor-${tag}-b`),
    of('doctor', 'auditor'),
  ])
  return { from: issuer.from, throwaway: true, author: first, reader: second, auditor: third }
}

/** The server gives out tokens, or the secret that it checks them with is at hand. */
async function issuerFor(url: string, env: NodeJS.ProcessEnv): Promise<{ from: string; issue: Issue }> {
  const server = api({ url, fetch: impatientFetch })
  try {
    await server.devToken({ user: 'doctor' })
    return { from: 'the server gives out dev tokens', issue: who => server.devToken(who) }
  } catch (thrown) {
    if (!(thrown instanceof Refused && (thrown.status === 404 || thrown.status === 403))) throw thrown
  }
  if (env['AUTH_SECRET'])
    return { from: 'signed here with AUTH_SECRET', issue: signing(Buffer.from(env['AUTH_SECRET'])) }
  const kept = await keptSecret(url, env)
  if (kept) return { from: 'signed here with the secret in the data folder', issue: signing(kept) }
  throw new Error('the server gives out no dev tokens, and there is none to look with')
}

/** Of the server that runs here on the data folder, and of no other. */
async function keptSecret(url: string, env: NodeJS.ProcessEnv): Promise<Buffer | undefined> {
  const dir = env['VERBATIM_DATA'] || '.verbatim'
  if (env['AUTH_JWKS_URL'] || addressIn(dir) !== url.replace(/\/$/, '')) return undefined
  const text = await readFile(join(dir, 'auth.secret'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}

/** Long enough for a slow installation, and of no use afterwards. */
const signing =
  (secret: Buffer): Issue =>
  ({ user, roles }) =>
    new SignJWT({ roles })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(secret)
