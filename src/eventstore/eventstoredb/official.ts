// The official client: it reads the connection string, finds the node, knows who is asking, and what errors mean. What is
// said a thousand times a second (appends, the feed, reads) is said past it, over a connection of our own: for an append it
// takes 52 µs of a core, and 8 of ours do (docs/decisions/0027).
import { EventStoreDBClient, type Credentials } from '@eventstore/db-client'
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js'
import { readFileSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http2'

/** What grpc-js calls so, as far as it is used here. */
interface Headers {
  toHttp2Headers(): OutgoingHttpHeaders
}
interface CallOptions {
  credentials?: { generateMetadata(of: object): Promise<Headers> }
}
interface Channel {
  getTarget(): string
  close(): void
}

/** Of the client's class, what is protected: meant for who builds on it. */
interface Inside {
  getChannel(): Promise<Channel>
  callArguments(options: { credentials?: Credentials }, call: { deadline: number }): [Headers, CallOptions]
  supports(method: { path: string }): Promise<boolean>
  handleError(client: { getChannel(): Channel }, error: Error): Promise<void>
}

/** Where to connect, and with what. */
export interface Place {
  /** `http://host:port`, or `https://`. */
  readonly authority: string
  /** Who is asking: headers of every call. */
  readonly headers: OutgoingHttpHeaders
  /** Tells the client that the node there cannot be used: it looks for another where there can be one. */
  unusable(error: Error): Promise<void>
}

export interface Official {
  readonly client: EventStoreDBClient
  readonly tls: { ca?: Buffer; cert?: Buffer; key?: Buffer }
  /** Ms between two looks whether the node is still there, and ms that it may take to answer. Less than 0: no looking. */
  readonly keepAlive: { readonly every: number; readonly within: number }
  /** The node that the client has chosen: found anew after `unusable`. */
  place(): Promise<Place>
  supports(path: string): Promise<boolean>
  close(): void
}

export function officialClient(url: string): Official {
  const client = EventStoreDBClient.connectionString(url)
  const inside = client as unknown as Inside
  const { tls, tlsCAFile, userCertFile, userKeyFile, ...given } = parseConnectionString(url)
  let channel: Channel | undefined
  const scheme = tls === false ? 'http' : 'https'

  return {
    client,
    tls: {
      ...(tlsCAFile && { ca: readFileSync(tlsCAFile) }),
      ...(userCertFile && { cert: readFileSync(userCertFile) }),
      ...(userKeyFile && { key: readFileSync(userKeyFile) }),
    },
    keepAlive: { every: given.keepAliveInterval ?? 10_000, within: given.keepAliveTimeout ?? 10_000 },
    place: async () => {
      const chosen = (channel = await inside.getChannel())
      const [headers, { credentials }] = inside.callArguments({}, { deadline: Infinity })
      const who = await credentials?.generateMetadata({})
      return {
        authority: `${scheme}://${chosen.getTarget().replace(/^dns:/, '')}`,
        headers: { ...headers.toHttp2Headers(), ...who?.toHttp2Headers() },
        unusable: error => inside.handleError({ getChannel: () => chosen }, error),
      }
    },
    supports: path => inside.supports({ path }),
    close: () => {
      void client.dispose() // cancels what is open; it is not waited for: a read that was left midway never says that it ended
      channel?.close()
    },
  }
}
