// `GET /v1/socket`: who may open a socket, and what all sockets of this box share.
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { isRefusal, refuse, type Refusal } from '../../domain/index.ts'
import type { Feed, Position } from '../../eventstore/index.ts'
import type { Devices } from '../devices.ts'
import type { Auth } from '../http/auth.ts'
import { problemOf } from '../http/problems.ts'
import type { Admission } from '../load/admission.ts'
import { Connection } from './connection.ts'
import { answer } from './frames.ts'
import type { Outgoing } from './outbox.ts'
import type { SessionParts, SocketParts } from './parts.ts'
import { subprotocol } from './protocol.ts'
import { Rounds } from './rounds.ts'

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** Sends all that are here away to come back; who comes is on this box. */
  startAnew(box: string): void
  /** How many sessions are here. */
  sessions(): number
  /** Closes all with 4000 and resolves when the log has been told, and each socket has closed or had its time to. */
  stop(): Promise<void>
}

const socketPath = '/v1/socket'

export function createSockets(
  parts: SocketParts,
  feed: Feed,
  auth: Auth,
  devices: Devices,
  admission: Admission,
): Sockets {
  const { settings, timers, fanout, logins, presence, redelivery, load, cursors } = parts
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: settings.limits.frameBytes,
    perMessageDeflate: false, // frames are encoded once for all sockets
    handleProtocols: () => subprotocol,
  })
  const connections = new Set<Connection>()
  let stopping = false
  let allEnded: (() => void) | undefined
  let head: { position: Position; frame: Outgoing } | undefined
  let current: SessionParts<Connection> = {
    ...parts,
    settling: new Rounds(settings.settleMs, timers, connection => connection.settled()),
    beats: new Rounds(settings.headMs, timers, connection => connection.beat()),
    headFrame: position => {
      if (head?.position !== position)
        head = { position, frame: answer({ type: 'head', cursor: cursors.of(position) }) }
      return head.frame
    },
    ended: connection => {
      connections.delete(connection)
      if (connections.size === 0) allEnded?.()
    },
  }

  const following = feed.batches.subscribe(({ events, upTo }) => {
    fanout.take(events, upTo)
    logins.take(events)
    presence.take(events)
    redelivery.take(events)
  })

  load.onChange(() => {
    for (const connection of connections) connection.tell(load.frame())
  })

  const signingOut = devices.signedOut.subscribe(({ user, device }) => {
    for (const connection of connections) {
      const { bearer } = connection
      if (bearer.user !== user || bearer.device !== device) continue
      if (devices.refusalOf(bearer)) connection.end('signed-out')
      else void devices.admit(bearer) // it came with a newer token, before this box knew of the signing out
    }
  })

  const admit = async (request: IncomingMessage, query: URLSearchParams) => {
    if (stopping) return refuse('busy', 'this box is stopping; another one takes you', 1000)
    const offered = request.headers['sec-websocket-protocol']
    if (offered !== undefined && !offered.split(',').some(name => name.trim() === subprotocol))
      return refuse('bad-request', `the subprotocols ${offered} are offered; this is ${subprotocol}`)
    const full = admission.full()
    if (full) return full
    const identity = await auth.check(request.headers.authorization, query.get('token'))
    if (isRefusal(identity)) return identity
    if (!identity.roles.includes('user')) return refuse('wrong-role', 'a socket needs the role user')
    const refusal = await admission.enter()
    if (stopping) return refuse('busy', 'this box is stopping; another one takes you', 1000)
    return refusal ?? devices.refusalOf(identity) ?? identity // it may have been signed out while it waited
  }

  return {
    async upgrade(request, socket, head) {
      socket.on('error', giveUp)
      const query = queryOf(request.url ?? '')
      if (isRefusal(query)) return turnAway(socket, query)
      const admitted = await admit(request, query)
      if (isRefusal(admitted)) return turnAway(socket, admitted)
      if (socket.destroyed) return // gone while it waited
      socket.off('error', giveUp) // from here on it is the WebSocket's
      socket.cork() // the handshake's answer goes out with the welcome: two writes for one are a tenth of a login
      server.handleUpgrade(request, socket, head, ws => {
        connections.add(new Connection(current, ws, socket, admitted, query.get('cursor') ?? undefined))
      })
    },

    sessions: () => connections.size,

    startAnew(box) {
      current = { ...current, box }
      for (const connection of connections) connection.end('lost')
    },

    async stop() {
      stopping = true
      admission.stop()
      for (const connection of connections) connection.end('stopped')
      const told = new Promise<void>(resolve => (connections.size === 0 ? resolve() : (allEnded = resolve)))
      const late = new Promise<void>(resolve => timers.after(settings.stopMs, resolve))
      const closed = Promise.all([...server.clients].map(ws => new Promise(resolve => ws.once('close', resolve))))
      await Promise.race([closed, late])
      for (const ws of server.clients) ws.terminate()
      await told
      following.unsubscribe()
      redelivery.stop()
      signingOut.unsubscribe()
    },
  }
}

/** What comes after the socket's path. Most clients say it as it is, and what it means need not be looked for. */
function queryOf(target: string): URLSearchParams | Refusal {
  if (target === socketPath) return new URLSearchParams()
  if (target.startsWith(`${socketPath}?`) && !target.includes('#'))
    return new URLSearchParams(target.slice(socketPath.length))
  const url = `http://here${target}`
  if (!URL.canParse(url)) return refuse('bad-request', 'the target of this request is no path')
  const { pathname, searchParams } = new URL(url)
  return pathname === socketPath ? searchParams : refuse('not-found', `the socket is at ${socketPath}`)
}

function giveUp(this: Duplex): void {
  this.destroy()
}

/** The handshake's answer where there is no socket: an HTTP response, as any other refusal. */
function turnAway(socket: Duplex, refusal: Refusal): void {
  const { status, headers, body } = problemOf(refusal)
  const text = JSON.stringify(body)
  const all = { ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(text)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`)
}
