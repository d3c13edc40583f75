// One gRPC call of ours: frames out, messages in, and how it ended.
import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { frameCutter } from '../../wire/frames.ts'

export interface Call {
  write(frames: Buffer): void
  /** Nothing more will be written. */
  end(frames: Buffer): void
  pause(): void
  resume(): void
  /** Nothing more is wanted; `over` is not called. */
  cancel(): void
}

export interface CallEvents {
  /** A view into what was received: not to be kept. What is thrown here ends the call. */
  message(message: Buffer): void
  /** Once: what ended it, a CallFailed or what `message` threw; undefined where the node has said all. */
  over(error: Error | undefined): void
}

/** gRPC's status codes, as far as they are given here. */
export const status = { unknown: 2, unimplemented: 12, unavailable: 14, unauthenticated: 16 }

/** The shape in which the official client takes an error apart: its `convertToCommandError` says what is meant. */
export class CallFailed extends Error {
  readonly code: number
  readonly details: string
  readonly metadata: { getMap(): IncomingHttpHeaders }
  constructor(code: number, details: string, trailers: IncomingHttpHeaders = {}) {
    super(details)
    this.code = code
    this.details = details
    this.metadata = { getMap: () => trailers }
  }
}

/** Throws a CallFailed where the connection is lost already. */
export function startCall(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { message, over }: CallEvents,
): Call {
  const stream = request(session, headers)
  let answer: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  let lost: Error | undefined
  let isOver = false
  const end = (error: Error | undefined) => {
    if (isOver) return
    isOver = true
    over(error)
  }

  const cut = frameCutter(message, longest)
  stream.on('response', (headers: IncomingHttpHeaders) => (answer = headers))
  stream.on('trailers', (headers: IncomingHttpHeaders) => (trailers = headers))
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return
    try {
      cut(chunk)
    } catch (error) {
      stream.close(constants.NGHTTP2_CANCEL)
      end(error as Error)
    }
  })
  stream.on('error', (error: Error) => (lost = error))
  stream.on('close', () => end(ending(answer, trailers, lost)))

  return {
    write: frames => void stream.write(frames),
    end: frames => void stream.end(frames),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    cancel: () => {
      isOver = true
      stream.close(constants.NGHTTP2_CANCEL)
    },
  }
}

function request(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  const grpc = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }
  try {
    return session.request({ ...headers, ...grpc }, { endStream: false })
  } catch (error) {
    throw new CallFailed(status.unavailable, (error as Error).message)
  }
}

/** As the official client has it: an event may have 16 MB where it was not written over gRPC. */
const longest = 17 * 1024 * 1024

function ending(answer: IncomingHttpHeaders, trailers: IncomingHttpHeaders, lost?: Error): CallFailed | undefined {
  const said = 'grpc-status' in trailers ? trailers : answer // a refusal has no body, and then its trailers are headers
  if ('grpc-status' in said) {
    const code = Number(said['grpc-status'])
    return code === 0 ? undefined : new CallFailed(code, wordsOf(said['grpc-message']), said)
  }
  const http = Number(answer[':status'] ?? 200)
  if (http === 200)
    return new CallFailed(status.unavailable, lost?.message ?? 'the connection to the event store was lost')
  const code = http === 401 ? status.unauthenticated : http === 404 ? status.unimplemented : status.unavailable
  return new CallFailed(code, `the event store answered with HTTP status ${http}`)
}

/** gRPC's messages are percent-encoded. */
function wordsOf(message: string | string[] | undefined): string {
  const text = String(message ?? '')
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
