// What is served besides gRPC, as JSON and to anybody: is the node up, what is it, where is it. EventStoreDB's paths and shapes.
import { absentPath } from '../absent.ts'
import { VERSION } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'

export interface PageRequest {
  method: string
  /** With its query, if any. */
  url: string
  /** `host:port` that the client asked for. */
  authority: string | undefined
}

export interface Page {
  status: number
  /** HTTP/1.1's reason phrase, where the usual one does not do: the official client shows it and nothing else. */
  reason?: string
  headers: Record<string, string>
  body: string
}

export type Pages = (request: PageRequest) => Page

export const pagesOf = (node: NodeInfo): Pages => {
  const served: Record<string, (authority: string | undefined) => Page> = {
    '/health/live': () => ({ status: 204, headers: {}, body: '' }),
    '/ping': () => json(200, { text: 'Ping request successfully handled' }),
    '/info': () => json(200, infoOf(node)),
    '/gossip': authority => json(200, gossipOf(node, authority)),
  }
  return ({ method, url, authority }) => {
    const path = url.replace(/\?.*/s, '')
    const page = Object.hasOwn(served, path) ? served[path] : undefined
    if (page && (method === 'GET' || method === 'HEAD')) return page(authority)
    if (page) return json(405, { error: `${path} takes GET and HEAD, not ${method}` }, { allow: 'GET, HEAD' })
    const absent = absentPath(path)
    if (absent !== undefined) return { ...json(501, { error: absent }), reason: absent }
    return json(404, { error: `Nothing is served at ${path}`, served: ['gRPC', ...Object.keys(served)] })
  }
}

const json = (status: number, content: object, headers: Record<string, string> = {}): Page => {
  const body = JSON.stringify(content)
  const length = String(Buffer.byteLength(body))
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': length,
      'cache-control': 'no-store',
      ...headers,
    },
    body,
  }
}

const infoOf = ({ hasUsers }: NodeInfo): object => ({
  esVersion: VERSION,
  state: 'leader',
  features: { projections: false, userManagement: false, atomPub: false },
  authentication: { type: hasUsers ? 'internal' : 'insecure', properties: null },
})

const gossipOf = ({ instance, addressFor, logEnd }: NodeInfo, authority: string | undefined): object => {
  const { host, port } = addressFor(authority)
  const end = logEnd()
  return {
    members: [
      {
        instanceId: instance,
        timeStamp: new Date().toISOString(),
        state: 'Leader',
        isAlive: true,
        // of a cluster's inner traffic and of the old TCP protocol there is none
        internalTcpIp: host,
        internalTcpPort: 0,
        internalSecureTcpPort: 0,
        externalTcpIp: host,
        externalTcpPort: 0,
        externalSecureTcpPort: 0,
        httpEndPointIp: host,
        httpEndPointPort: port,
        lastCommitPosition: end,
        writerCheckpoint: end,
        chaserCheckpoint: end,
        epochPosition: 0,
        epochNumber: 0,
        epochId: instance,
        nodePriority: 0,
        isReadOnlyReplica: false,
        esVersion: VERSION,
      },
    ],
    serverIp: host,
    serverPort: port,
  }
}
