// The command stage's door for gateways: a WebSocket each, calls in, outcomes out. Calls are started in the order in which they
// come, and none waits for the one before it; a gateway that brings more than is done is read no further for a while.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { StoreUnavailable } from '../../eventstore/index.ts'
import type { Commands } from '../catalogue.ts'
import { calls, callsIn, isCall, commandsPath, mostBytes, perTick, type CallMessage, type Outcome } from './wire.ts'

/** Calls of one gateway under way before no more are read. */
const mostUnderWay = 20_000
/** Answers that a gateway has not taken before no more calls of it are read, in bytes. */
const mostWaiting = 8 * 1024 * 1024
/** How long calls under way have when this process stops (milliseconds). */
const stopMs = 5_000

export interface CommandServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Takes no more calls, answers those under way, and hangs up: gateways say elsewhere what was not answered. */
  close(): Promise<void>
}

export function serveCommands(
  commands: Commands,
  secret: string,
  log: { warn(what: object, message: string): void; error(what: object, message: string): void },
): CommandServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: mostBytes, perMessageDeflate: false })
  const doors = new Set<{ hangUp(): Promise<void> }>()
  let closing = false

  const carryOut = async ([, name, given]: CallMessage): Promise<Outcome> => {
    if (!isCall(name))
      return { fault: `there is no command ${name} here: gateways and command processes are of one version` }
    const args = calls[name].args.safeParse(given)
    if (!args.success)
      return { fault: `${name} is asked with arguments that this version does not take: ${args.error.message}` }
    try {
      return { ok: await (commands[name] as (...args: unknown[]) => Promise<unknown>)(...args.data) }
    } catch (error) {
      if (error instanceof StoreUnavailable) return { unavailable: error.message }
      log.error({ error, name }, 'a command failed')
      return { fault: (error as Error).message }
    }
  }

  const open = (ws: WebSocket, socket: Duplex): void => {
    const answer = perTick(text => ws.send(text))
    const gone = new Promise(resolve => ws.once('close', resolve))
    let underWay = 0
    let hangingUp: (() => void) | undefined
    const hold = () => {
      if (hangingUp || underWay >= mostUnderWay || ws.bufferedAmount >= mostWaiting) ws.pause()
      else if (ws.isPaused) ws.resume()
    }
    socket.on('drain', hold)
    ws.on('error', error => log.warn({ error }, 'a gateway’s connection broke'))
    ws.on('message', data => {
      if (hangingUp) return // it will be said elsewhere
      let said: CallMessage[]
      try {
        said = callsIn((data as Buffer).toString())
      } catch (error) {
        log.error({ error }, 'a gateway said what is no call')
        return ws.close(1002, 'calls are arrays of [number, name, arguments]')
      }
      for (const call of said) {
        underWay++
        void carryOut(call).then(outcome => {
          underWay--
          answer(JSON.stringify([call[0], outcome]))
          if (underWay === 0) hangingUp?.()
          hold()
        })
      }
      hold()
    })
    const door = {
      hangUp: async () => {
        ws.pause()
        const answered = new Promise<void>(resolve => (hangingUp = resolve))
        if (underWay > 0) await Promise.race([answered, after(stopMs)])
        await new Promise(setImmediate) // what this tick has answered goes out before
        ws.resume()
        ws.close(1001, 'this command process is stopping')
        await Promise.race([gone, after(1_000)])
        ws.terminate()
      },
    }
    doors.add(door)
    ws.on('close', () => doors.delete(door))
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      if (closing) return turnAway(socket, '503 Service Unavailable')
      if (request.url !== commandsPath) return turnAway(socket, '404 Not Found')
      if (!isSame(request.headers.authorization, `Bearer ${secret}`)) return turnAway(socket, '401 Unauthorized')
      server.handleUpgrade(request, socket, head, ws => open(ws, socket))
    },
    async close() {
      closing = true
      await Promise.all([...doors].map(door => door.hangUp()))
    },
  }
}

const after = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms).unref())

const turnAway = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)

/** Takes the same time wherever they differ. */
function isSame(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(expected))
}
