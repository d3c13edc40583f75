// One gRPC call over an HTTP/2 stream: messages in, messages out under back-pressure, and trailers at the end.
import { constants } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { FrameRefused, frameCutter } from '../../wire/frames.ts'
import { CallFailed, deadlineExceeded, internal, invalidArgument, tooLarge, trailersOf } from '../protocol/status.ts'
import { MalformedMessage } from '../../wire/reader.ts'

export interface Call {
  /** Nothing can be sent any more: finished, cancelled or cut off. */
  closed(): boolean
  onClose(callback: () => void): void
  /** False: wait for `drained` before sending more. */
  send(frames: Buffer): boolean
  /** Resolves when there is room again, or nobody left to send to. */
  drained(): Promise<void>
  /** Ends the call; whatever is thrown by its code ends it too, through `guard`. */
  finish(error?: CallFailed): void
  /** Runs code of this call: an exception becomes its trailers, and never the process's end. */
  guard(code: () => void): void
  /** Hands over the request's messages as they come, and says when there are no more. */
  receive(onMessage: (message: Buffer) => void, onEnd: () => void): void
  /** Stops and resumes reading what the client sends. */
  pause(paused: boolean): void
}

const CONTENT_TYPE = 'application/grpc+proto'

export const openCall = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  log: (line: string) => void,
): Call => {
  let finished = false
  let answering = false
  let waiting: (() => void)[] = []
  const closers: (() => void)[] = []
  let trailers: Record<string, string> = {}

  const goOn = (): void => {
    const resolvers = waiting
    waiting = []
    for (const resolve of resolvers) resolve()
  }

  const answer = (): void => {
    if (answering) return
    answering = true
    stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  }

  const closed = (): boolean => finished || stream.closed || stream.destroyed

  const call: Call = {
    closed,
    onClose: callback => void closers.push(callback),
    send: frames => {
      if (closed()) return true
      answer()
      return stream.write(frames)
    },
    drained: () =>
      closed() || !stream.writableNeedDrain ? Promise.resolve() : new Promise(resolve => waiting.push(resolve)),
    finish: error => {
      if (closed()) return
      finished = true
      clearTimeout(timer)
      trailers = trailersOf(error)
      if (answering) stream.end()
      else stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE, ...trailers }, { endStream: true })
      stream.resume() // what the client still sends must not keep the stream open
      goOn()
    },
    guard: code => {
      try {
        code()
      } catch (error) {
        call.finish(failureOf(error, log))
      }
    },
    receive: (onMessage, onEnd) => {
      const cut = frameCutter(message => {
        if (!closed()) onMessage(message)
      })
      stream.on('data', (chunk: Buffer) => call.guard(() => cut(chunk)))
      stream.on('end', () => {
        if (!closed()) call.guard(onEnd)
      })
    },
    pause: paused => void (paused ? stream.pause() : stream.resume()),
  }

  const timeout = timeoutOf(headers['grpc-timeout'])
  const timer = timeout === undefined ? undefined : setTimeout(() => call.finish(deadlineExceeded()), timeout)
  stream.on('drain', goOn)
  // a client that goes away is no error here: `close` says all
  stream.on('error', () => undefined)
  stream.on('close', () => {
    finished = true
    clearTimeout(timer)
    goOn()
    for (const closer of closers) closer()
  })
  return call
}

const failureOf = (error: unknown, log: (line: string) => void): CallFailed => {
  if (error instanceof CallFailed) return error
  if (error instanceof MalformedMessage) return invalidArgument(`The message cannot be read: ${error.message}`)
  if (error instanceof FrameRefused) return tooLarge(error.message)
  log(`embedded store: a call failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return internal(error instanceof Error ? error.message : String(error))
}

const UNITS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
const LONGEST_TIMER = 2 ** 31 - 1

/** gRPC's `grpc-timeout`, in ms: digits and a unit. */
export const timeoutOf = (header: string | string[] | undefined): number | undefined => {
  const parts = /^(\d{1,8})([HMSmun])$/.exec(String(header))
  if (!parts) return undefined
  return Math.min(LONGEST_TIMER, Math.ceil(Number(parts[1]) * UNITS[parts[2]!]!))
}

/** Ends at once, with nothing but trailers, a call that nobody serves. */
export const refuseCall = (stream: ServerHttp2Stream, error: CallFailed): void => {
  stream.on('error', () => undefined)
  stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE, ...trailersOf(error) }, { endStream: true })
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR)) // with Node 26, at once would be before the trailers
}
