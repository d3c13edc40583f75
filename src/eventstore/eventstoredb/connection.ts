// The connection to the node that the official client has chosen: HTTP/2, made with the first call and again after a loss.
import { convertToCommandError } from '@eventstore/db-client'
import { connect, type ClientHttp2Session } from 'node:http2'
import { startCall, type Call, type CallEvents } from './call.ts'
import type { Official, Place } from './official.ts'

/** What may be under way to us before the node waits: as much as a page of the feed, and not 64 KB. */
const windowSize = 1024 * 1024

export interface Connection {
  /** Starts a call. Its end is told to the official client where it speaks against the node. */
  call(path: string, events: CallEvents): Call
  readonly closed: boolean
}

export interface Connections {
  /** The one there is, or a new one. Rejects where no node is found. */
  current(): Promise<Connection>
  close(): void
}

/** After these another connection is needed, maybe to another node. */
const againstTheNode: readonly (string | undefined)[] = ['unavailable', 'cancelled', 'not-leader']

export function openConnections(official: Official): Connections {
  let current: Promise<Connection> | undefined
  let opened: Connection | undefined
  let session: ClientHttp2Session | undefined
  let told = Promise.resolve()

  const open = async (): Promise<Connection> => {
    await told
    const place = await official.place()
    session = connect(place.authority, { ...official.tls, settings: { initialWindowSize: windowSize } })
    session.on('error', () => undefined) // its calls say so
    session.on('connect', one => one.setLocalWindowSize(4 * windowSize))
    if (official.keepAlive.every > 0) keepAlive(session, official.keepAlive)
    return (opened = over(session, place))
  }

  const over = (session: ClientHttp2Session, place: Place): Connection => ({
    call: (path, events) =>
      startCall(
        session,
        { ...place.headers, ':path': path },
        {
          ...events,
          over: error => {
            if (error && againstTheNode.includes((convertToCommandError(error) as { type?: string }).type)) {
              session.destroy()
              told = place.unusable(error).catch(() => undefined)
            }
            events.over(error)
          },
        },
      ),
    get closed() {
      return session.closed || session.destroyed
    },
  })

  return {
    current: () => {
      if (!current || opened?.closed) {
        opened = undefined
        current = open()
        current.catch(() => (current = undefined))
      }
      return current
    },
    close: () => session?.destroy(),
  }
}

/** A node that hangs, or a way to it that is cut silently, would not be noticed by who only listens. */
function keepAlive(session: ClientHttp2Session, { every, within }: Official['keepAlive']): void {
  const look = setInterval(() => {
    if (session.connecting || session.closed || session.destroyed) return
    const late = setTimeout(() => session.destroy(), within)
    session.ping(() => clearTimeout(late)) // called where the session ends before the answer, too
  }, every)
  session.on('close', () => clearInterval(look))
}
