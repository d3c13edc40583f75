// Asking over HTTP: JSON there and back, problem details (RFC 9457) as `Refused`, no answer as `Unreachable`.
import { Refused, Unreachable } from './errors.ts'

export type Token = string | (() => string | Promise<string>)

export interface HttpOptions {
  /** Of the server, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  /** A function is asked anew for every request. Left out: nobody in particular. */
  readonly token?: Token | undefined
  readonly fetch?: typeof fetch | undefined
}

type Query = Record<string, string | number | boolean | undefined>

export interface Http {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>
  ask<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T>
  /** The response itself, once it is a good one. Bytes are sent as they are, anything else as JSON. */
  open(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<Response>
}

export const tokenOf = async (token: Token | undefined): Promise<string | undefined> =>
  typeof token === 'function' ? await token() : token

export function http({ url, token, fetch: fetching = globalThis.fetch.bind(globalThis) }: HttpOptions): Http {
  const base = url.endsWith('/') ? url : `${url}/`

  const open: Http['open'] = async (method, path, query = {}, body, signal) => {
    const at = new URL(path.replace(/^\//, ''), base)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) at.searchParams.set(name, String(value))
    const bearer = await tokenOf(token)
    const headers: Record<string, string> = { accept: 'application/json' }
    if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`
    const bytes = body instanceof Uint8Array || body instanceof Blob
    if (body !== undefined) headers['content-type'] = bytes ? 'application/octet-stream' : 'application/json'
    const sent = bytes ? (body as BodyInit) : JSON.stringify(body)
    let response: Response
    try {
      const more = { ...(body === undefined ? {} : { body: sent }), ...(signal ? { signal } : {}) }
      response = await fetching(at, { method, headers, ...more })
    } catch (cause) {
      throw new Unreachable(`no answer from ${at.origin}: ${reason(cause)}`, { cause })
    }
    if (!response.ok) throw await problem(response)
    return response
  }

  const json = async <T>(response: Response): Promise<T> => {
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  return {
    open,
    get: async (path, query, signal) => json(await open('GET', path, query, undefined, signal)),
    ask: async (method, path, body, signal) => json(await open(method, path, undefined, body, signal)),
  }
}

/** What fetch says is "fetch failed"; what happened is in its cause. */
function reason(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ((cause as { code?: string }).code ?? cause.name)
}

async function problem(response: Response): Promise<Refused> {
  const text = await response.text().catch(() => '')
  let found: { code?: unknown; detail?: unknown; title?: unknown; retryAfterMs?: unknown } = {}
  try {
    found = (JSON.parse(text) ?? {}) as typeof found
  } catch {
    // no problem details: something else than Verbatim answered, or a proxy did
  }
  const code = typeof found.code === 'string' ? found.code : `http-${response.status}`
  const said = [found.detail, found.title].find(words => typeof words === 'string')
  const header = Number(response.headers.get('retry-after') ?? NaN) * 1000
  const wait =
    typeof found.retryAfterMs === 'number' ? found.retryAfterMs : Number.isFinite(header) ? header : undefined
  return new Refused(code, said ?? `${response.status} ${response.statusText}`, {
    retryAfterMs: wait,
    status: response.status,
  })
}
