// The ways there are.
import { freshStack } from '../support/stack.ts'
import { PollingClient } from './polling.ts'
import { Client } from './support.ts'
import { behavesLikeATransport, type Talker, type Transport } from './transports.ts'

const lastOf = ({ told }: { told: readonly object[] }) =>
  told.findLast((frame): frame is { cursor: string } => 'cursor' in frame)?.cursor

class Socket extends Client implements Talker {
  get lastCursor() {
    return lastOf(this)
  }
  pause() {
    this.ws.pause()
  }
  goOn() {
    this.ws.resume()
  }
  vanish() {
    this.ws.terminate()
  }
}

class Polling extends PollingClient implements Talker {
  get lastCursor() {
    return this.cursor
  }
}

const socket: Transport = {
  name: 'socket',
  stopped: 4000,
  expired: 4500,
  async connect({ url }, token, cursor) {
    const client = new Socket(`${url.replace('http', 'ws')}/v1/socket?token=${token}`)
    await client.next('welcome')
    client.say(cursor === undefined ? { type: 'ping' } : { type: 'resume', cursor })
    return client
  },
}

const poll: Transport = {
  name: 'long poll',
  stopped: 0,
  expired: 401,
  async connect({ url }, token, cursor) {
    const client = new Polling(() => url, token, cursor)
    if (cursor === undefined) await client.next('welcome') // who goes on is the same session, where it is there still
    return client
  },
}

const stack = freshStack()
for (const transport of [socket, poll]) behavesLikeATransport(transport, stack)
