// For the tests of the embedded store: folders that go away, and gRPC calls made by hand, for what no client would send.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as http } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { connect, constants } from 'node:http2'
import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { request as https } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { frameCutter } from '../../src/wire/frames.ts'

/** A new folder, removed after the test. */
export const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const probe = createServer().listen(0, '::1')
/** Whether this machine has ::1. */
export const hasIpv6 = await new Promise<boolean>(resolve => {
  probe.on('listening', () => probe.close(() => resolve(true))).on('error', () => resolve(false))
})

/** See certificates/make.sh. */
export const certificate = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url))

/** What a node with TLS is started with; the certificate is for this name. */
export const ENCRYPTED = {
  host: 'localhost',
  tls: { certificate: certificate('server.pem'), key: certificate('server.key') },
}

/** For connections to it. */
export const ca = readFileSync(certificate('ca.pem'))

/** The official client's connection string: with credentials, such as `admin:changeit`, and trust in the certificate. */
export const trusting = (url: string, credentials?: string): string =>
  `${credentials === undefined ? url : url.replace('://', `://${credentials}@`)}&tlsCAFile=${certificate('ca.pem')}`

/** Where the node answers to HTTP. */
export const httpUrl = (url: string): string =>
  url.replace('esdb:', url.includes('tls=true') ? 'https:' : 'http:').replace(/\?.*/, '')

export interface RawCall {
  write(bytes: Buffer): void
  end(): void
  /** The next message that comes back. */
  message(): Promise<Buffer>
  /** The trailers, or the headers where they are all there is. */
  trailers: Promise<IncomingHttpHeaders>
  /** Stops and resumes reading: the node is then told of no more room. */
  pause(paused: boolean): void
}

/** A gRPC call whose bytes the test decides. */
export const rawCall = (url: string, path: string, headers: Record<string, string> = {}): RawCall => {
  const session = connect(httpUrl(url), { ca })
  onTestFinished(() => session.destroy())
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  const messages: Buffer[] = []
  const waiting: ((message: Buffer) => void)[] = []
  const cut = frameCutter(message => {
    const next = waiting.shift()
    if (next) next(message)
    else messages.push(message)
  })
  stream.on('data', cut)
  const trailers = new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.on('trailers', resolve)
    stream.on('response', response => {
      if (response['grpc-status'] !== undefined) resolve(response)
    })
    stream.on('error', reject)
  })
  trailers.catch(() => undefined) // a test that does not look at them does not fail by them
  return {
    write: bytes => void stream.write(bytes),
    end: () => void stream.end(),
    message: () => {
      const ready = messages.shift()
      return ready ? Promise.resolve(ready) : new Promise(resolve => waiting.push(resolve))
    },
    trailers,
    pause: paused => void (paused ? stream.pause() : stream.resume()),
  }
}

interface Answer {
  status: number | undefined
  headers: Record<string, unknown>
  body: string
}
/** A page of a node, by its connection string. */
type Ask = (url: string, path: string, method?: string) => Promise<Answer>

/** All that comes. */
export const text = async (stream: AsyncIterable<Buffer>): Promise<string> => {
  let found = ''
  for await (const chunk of stream) found += chunk.toString()
  return found
}

export const responseTo = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => void sent.on('response', resolve).on('error', reject))

export const overHttp1: Ask = async (url, path, method = 'GET') => {
  const at = new URL(path, httpUrl(url))
  const sent = at.protocol === 'https:' ? https(at, { method, ca, agent: false }) : http(at, { method, agent: false })
  const response = await responseTo(sent.end())
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

export const overHttp2: Ask = async (url, path, method = 'GET') => {
  const session = connect(httpUrl(url), { ca })
  const stream = session.request({ ':path': path, ':method': method })
  stream.end()
  const headers = await new Promise<IncomingHttpHeaders & IncomingHttpStatusHeader>((resolve, reject) => {
    stream.on('response', resolve).on('error', reject)
  })
  const body = await text(stream)
  session.close()
  return { status: headers[':status'], headers, body }
}
