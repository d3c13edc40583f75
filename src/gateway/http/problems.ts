// Refusals over HTTP: problem details (RFC 9457) with `code`.
import type { Refusal, RefusalCode } from '../../domain/index.ts'
import { sentenceOf } from '../sentences.ts'

export const statusOf: Record<RefusalCode, number> = {
  'bad-frame': 400,
  'bad-request': 400,
  'beyond-the-end': 400,
  unauthorized: 401,
  'wrong-role': 403,
  'not-a-member': 403,
  'not-allowed': 403,
  blocked: 403,
  'not-found': 404,
  'unknown-conversation': 404,
  'unknown-message': 404,
  'unknown-media': 404,
  'wrong-method': 405,
  'conversation-exists': 409,
  'group-is-full': 409,
  'id-taken': 409,
  'too-large': 413,
  'wrong-type': 415,
  internal: 500,
  busy: 503,
  behind: 504,
}

export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** `type` is left out: about:blank, with the code to tell them apart. */
export function problemOf(refusal: Refusal): Problem {
  const { refused: code, retryAfterMs } = refusal
  const status = statusOf[code]
  const title = code.replaceAll('-', ' ')
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
    },
    body: { title, status, code, detail: sentenceOf(refusal) },
  }
}
