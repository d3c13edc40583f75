// For the tests of the embedded store: folders that go away, and gRPC calls made by hand, for what no client would send.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, constants } from 'node:http2'
import type { IncomingHttpHeaders } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { frameCutter } from '../../src/embedded/protocol/frames.ts'

/** A new folder, removed after the test. */
export const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

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
  const session = connect(url.replace('esdb://', 'http://').replace(/\?.*/, ''))
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
