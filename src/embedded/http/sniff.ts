// What a connection in the clear speaks, by its first bytes.
import type { Socket } from 'node:net'

/** The first bytes of every HTTP/2 connection (RFC 9113, 3.4): made so that no HTTP/1.1 request begins with them. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Tells whether the peer speaks HTTP/2, with what was read put back; closes a connection that takes longer to show it. */
export const sniff = (socket: Socket, patience: number, tell: (isHttp2: boolean) => void): void => {
  let seen: Buffer = Buffer.alloc(0)
  const look = (): void => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return
    seen = Buffer.concat([seen, bytes])
    const isPreface = seen.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, seen.length))
    if (isPreface && seen.length < PREFACE.length) return
    clearTimeout(timer)
    socket.off('readable', look)
    socket.unshift(seen)
    tell(isPreface)
  }
  const timer = setTimeout(() => socket.destroy(), patience)
  socket.on('readable', look)
  socket.on('error', () => undefined) // `close` says all
  socket.on('close', () => clearTimeout(timer))
}
