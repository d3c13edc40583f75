// A node's port: what comes in there, and how it is shut.
import { openDoor } from './http/door.ts'
import { speakHttp1 } from './http/http1.ts'
import { speakHttp2 } from './http/http2.ts'
import type { Http2Options } from './http/http2.ts'
import type { Certificate } from './tls.ts'

export interface Server {
  port: number
  close(): Promise<void>
}

export interface ServerOptions extends Http2Options {
  host: string
  /** 0 picks a free one. */
  port: number
  certificate?: Certificate | undefined
}

/** How long clients may take, on stopping, to read what is under way. */
const GRACE = 1000

export const startServer = async ({ host, port, certificate, ...served }: ServerOptions): Promise<Server> => {
  const http2 = speakHttp2(served)
  const http1 = speakHttp1(served.pages)
  const door = await openDoor({ host, port, certificate, http1: http1.accept, http2: http2.accept })
  return {
    port: door.port,
    close: async () => {
      const gone = door.close(GRACE)
      http2.close()
      http1.close()
      await gone
    },
  }
}
