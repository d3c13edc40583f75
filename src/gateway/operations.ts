// HTTP of a process without sockets and requests: whether it lives, and whether it can serve. Whoever else has a door on the
// same port is handed the upgrades.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { refuse, type Refusal } from '../domain/index.ts'
import type { Metrics } from '../metrics/index.ts'
import { problemOf } from './http/problems.ts'

export interface OperationsParts {
  /** Why it cannot serve; nothing where it can. */
  readonly unready: () => Promise<readonly string[]>
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

export function createOperations({ unready, metrics, upgrade }: OperationsParts) {
  let closing = false
  const answer = async ({ method, url }: IncomingMessage): Promise<Refusal | object | string> => {
    if (method !== 'GET' && method !== 'HEAD') return refuse('wrong-method')
    if (url === '/healthz') return { status: 'alive' }
    if (url === '/metrics') return metrics.text()
    if (url !== '/readyz')
      return refuse('not-found', `this process has no part in that: it has /healthz, /readyz and /metrics`)
    const reasons = closing ? ['it is stopping'] : await unready()
    return reasons.length === 0 ? { status: 'ready' } : refuse('busy', reasons.join('; '), 1000)
  }
  const send = (response: ServerResponse, said: Refusal | object | string): void => {
    if (typeof said === 'string') response.writeHead(200, { 'content-type': metrics.contentType }).end(said)
    else if ('refused' in said) {
      const { status, headers, body } = problemOf(said)
      response.writeHead(status, headers).end(JSON.stringify(body))
    } else response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(said))
  }
  const http = createServer((request, response) => {
    answer(request).then(
      said => send(response, said),
      () => send(response, refuse('internal')),
    )
  })
  if (upgrade) http.on('upgrade', upgrade)

  return {
    listen: (port: number, host: string): Promise<{ port: number }> =>
      new Promise((resolve, reject) => {
        http.once('error', reject)
        http.listen(port, host, () => {
          http.off('error', reject)
          resolve({ port: (http.address() as AddressInfo).port })
        })
      }),
    async close(): Promise<void> {
      closing = true
      const closed = new Promise(resolve => http.close(resolve))
      http.closeAllConnections()
      await closed
    },
  }
}
