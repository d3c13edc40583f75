// A server of the frames that the SDK needs, whose sockets can be made to die at any point.
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

type Frame = Record<string, unknown> & { type: string }

export interface SmallServer {
  readonly url: string
  /** Every socket's frames, in the order of the sockets. */
  readonly heard: Frame[][]
  readonly upgrades: IncomingMessage[]
  /** What to do with a frame; the default answers as Verbatim does. */
  hook: (frame: Frame, socket: WebSocket) => 'as usual' | 'ignore'
  /** Whose the token is. */
  user: () => string
  /** Adds a message to the history, and pushes it to whoever is live. */
  say(text: string): void
  drop(code?: number): void
  close(): Promise<void>
}

const conversation = '5f0c2f9e-8a1f-4a35-9d53-1c1d2b0f7a64'
const at = '2024-01-01T00:00:00.000Z'
const limits = {
  members: 9,
  bodyBytes: 9999,
  frameBytes: 9999,
  framesPerRequest: 9,
  pageSize: 9,
  watch: 9,
  reactionBytes: 9,
  minTtl: '1s',
}

/** The token `good` gets in. A cursor is how many messages one has. */
export async function smallServer(): Promise<SmallServer> {
  const history: Frame[] = []
  const answers = new Map<unknown, Frame>()
  const live = new Set<WebSocket>()
  const http = createServer((_, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true })
  const server: SmallServer = {
    url: '',
    heard: [],
    upgrades: [],
    hook: () => 'as usual',
    user: () => 'alice',
    say: text => {
      const seq = history.length
      const message = {
        type: 'message',
        conversation,
        seq,
        id: `id-${seq}`,
        from: 'bob',
        at,
        body: { text },
        cursor: `${seq + 1}`,
      }
      history.push(message)
      for (const socket of live) socket.send(JSON.stringify(message))
    },
    drop: code => {
      for (const socket of sockets.clients)
        if (code === undefined) socket.terminate()
        else socket.close(code)
    },
    close: async () => {
      server.drop()
      await new Promise(resolve => http.close(resolve))
    },
  }
  const answer = (frame: Frame, socket: WebSocket, welcomedAt: number) => {
    const tell = (frame: Frame) => socket.send(JSON.stringify(frame))
    if (frame.type === 'resume') {
      for (const message of history.slice(Number(frame['cursor']))) tell(message)
      tell({ type: 'resumed', cursor: `${history.length}` })
    }
    // what came since the welcome was held back until the first frame
    if (frame.type === 'ping') {
      for (const message of history.slice(welcomedAt)) tell(message)
      tell({ type: 'head', cursor: `${history.length}` })
    }
    if (frame.type === 'resume' || frame.type === 'ping') live.add(socket)
    if (frame.type !== 'send') return
    const { id } = frame
    if (!answers.has(id))
      answers.set(id, { type: 'sent', id, conversation, seq: 1000 + answers.size, at, position: '1' })
    tell(answers.get(id)!)
  }
  http.on('upgrade', (request, socket, head) => {
    server.upgrades.push(request)
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('token')
    if (token !== 'good' && request.headers.authorization !== 'Bearer good') {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, socket => {
      const frames: Frame[] = []
      const welcomedAt = history.length
      server.heard.push(frames)
      socket.on('message', data => {
        const frame = JSON.parse((data as Buffer).toString()) as Frame
        frames.push(frame)
        if (server.hook(frame, socket) === 'as usual') answer(frame, socket, welcomedAt)
      })
      socket.on('close', () => live.delete(socket))
      const cursor = `${welcomedAt}`
      socket.send(
        JSON.stringify({
          type: 'welcome',
          user: server.user(),
          session: 's',
          device: 'd',
          box: 'b',
          epoch: 'e',
          cursor,
          limits,
        }),
      )
    })
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` })
}
