// A way to a server that breaks: each connection is cut after so many bytes, one way or the other, wherever in a frame that is.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Random } from './random.ts'

export interface Cutter {
  readonly url: string
  /** How many connections were cut so far. */
  readonly cuts: number
  /** From now on nothing is cut. */
  mend(): void
  close(): Promise<void>
}

/** Most connections are cut early, in their handshake or shortly after it; some carry more, up to 24 KiB. */
const sizes = [1_500, 6_000, 24_576]

export async function startCutter(url: string, random: Random): Promise<Cutter> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let cuts = 0
  let mended = false

  const keep = (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}))

  const server = createServer({ noDelay: true }, client => {
    const box = connect({ port: Number(port), host: hostname, noDelay: true })
    const cut = (): void => {
      cuts++
      for (const socket of [client, box]) {
        if (random.next() < 0.5) socket.destroy()
        else socket.resetAndDestroy()
      }
    }
    const hand = (from: Socket, to: Socket, budget: number): void => {
      let left = budget
      from.on('data', (bytes: Buffer) => {
        if (to.destroyed) return
        if (!to.write(mended ? bytes : bytes.subarray(0, left))) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        left -= bytes.length
        if (left < 0 && !mended) cut()
      })
      from.on('close', () => to.destroy())
    }
    keep(client)
    keep(box)
    const budget = random.below(random.pick(sizes))
    const downwards = random.next() < 0.75
    hand(box, client, downwards ? budget : Infinity)
    hand(client, box, downwards ? Infinity : budget / 3)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts
    },
    mend: () => {
      mended = true
    },
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
