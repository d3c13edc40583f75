// One port for everything: what a connection speaks is found out however its bytes come, and at every address of a host.
import { once } from 'node:events'
import { createServer, connect as connectHttp2 } from 'node:http2'
import { connect, createServer as createTcpServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { openDoor } from '../../src/embedded/http/door.ts'
import type { Door } from '../../src/embedded/http/door.ts'
import { speakHttp1 } from '../../src/embedded/http/http1.ts'
import { listenOn, portOf } from '../../src/embedded/http/listen.ts'
import { readCertificate } from '../../src/embedded/tls.ts'
import { ENCRYPTED, hasIpv6 } from './support.ts'

const GREETING = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

let door: Door
/** Tells in `heard` who a connection was handed to; the two speakers answer with their names. */
const open = async (options: { patience?: number; tls?: boolean } = {}) => {
  const heard: string[] = []
  const http2 = createServer().on('stream', stream => {
    stream.respond()
    stream.end('HTTP/2')
  })
  const http1 = speakHttp1(() => ({ status: 200, headers: {}, body: 'HTTP/1.1' }), options.patience)
  door = await openDoor({
    host: '127.0.0.1',
    port: 0,
    ...(options.patience !== undefined && { patience: options.patience }),
    ...(options.tls && { certificate: readCertificate(ENCRYPTED.tls) }),
    http2: socket => void (heard.push('HTTP/2') && http2.emit('connection', socket)),
    http1: socket => void (heard.push('HTTP/1.1') && http1.accept(socket)),
  })
  return { heard, close: () => door.close(10) }
}
afterEach(() => door.close(0))

const dial = (port = door.port): Socket => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}
/** Ended or reset, it is over. */
const isOver = (socket: Socket): Promise<unknown> => new Promise(resolve => socket.resume().once('close', resolve))

const trickle = async (bytes: Buffer, into: Socket): Promise<void> => {
  for (const byte of bytes) {
    await new Promise(written => into.write(Buffer.from([byte]), written))
    await new Promise(setImmediate)
  }
}

describe('a connection', () => {
  it('may say what it speaks byte by byte', async () => {
    const { heard } = await open()
    const socket = dial()
    const [answer] = (await Promise.all([once(socket, 'data'), trickle(Buffer.from(GREETING), socket)]))[0] as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)

    const slow = createTcpServer(near => {
      const far = dial()
      far.pipe(near)
      let sent = Promise.resolve()
      near.on('error', () => undefined)
      near.on('data', bytes => {
        sent = sent.then(() => trickle(bytes, far))
      })
    }).listen(0, '127.0.0.1')
    await once(slow, 'listening')
    onTestFinished(() => void slow.close())
    const session = connectHttp2(`http://127.0.0.1:${portOf(slow)}`)
    const stream = session.request({ ':path': '/' })
    expect((await once(stream, 'data')).toString()).toBe('HTTP/2')
    session.destroy()
    expect(heard).toEqual(['HTTP/1.1', 'HTTP/2'])
  })

  it('may be over for its side with the request', async () => {
    await open()
    const socket = dial()
    socket.end(GREETING)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    await isOver(socket)
  })

  it.each(['P', 'PRI * HTTP/2.0\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r'])(
    'that has said no more than %j is waited for, and then closed',
    async start => {
      const { heard } = await open({ patience: 30 })
      const socket = dial()
      socket.write(start)
      await isOver(socket)
      expect(heard).toEqual([])
    },
  )

  it.each([
    ['says nothing', ''],
    ['does not finish its request', 'GET / HTTP/1.1\r\n'],
    ['has had its answer', GREETING],
  ])('that %s is not kept for ever', async (_, said) => {
    await open({ patience: 30 })
    const socket = dial()
    socket.write(said)
    await isOver(socket)
  })

  it('that does not shake hands is not kept for ever', async () => {
    const { heard } = await open({ patience: 30, tls: true })
    await isOver(dial())
    expect(heard).toEqual([])
  })

  it.each(['PRI * HTTP/1.1\r\nhost: x\r\n\r\n', 'PROPFIND / HTTP/1.1\r\nhost: x\r\n\r\n', 'POST', '\x16\x03\x01'])(
    'that begins with %j is not taken for HTTP/2',
    async start => {
      const { heard } = await open({ patience: 30 })
      const socket = dial()
      socket.write(start)
      await isOver(socket)
      expect(heard).toEqual(['HTTP/1.1'])
    },
  )

  it('that goes away before it has said anything leaves nothing behind', async () => {
    const { close } = await open()
    const socket = dial()
    await once(socket, 'connect')
    socket.end('PRI')
    await isOver(socket)
    await close()
  })

  it.each([
    ['has said nothing', false],
    ['has not shaken hands', true],
  ])('that %s does not hold up who leaves', async (_, tls) => {
    const { close } = await open({ tls })
    const socket = dial()
    await once(socket, 'connect')
    socket.write('P')
    await Promise.all([isOver(socket), close()])
  })
})

describe('a host', () => {
  const at =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses.map(address => ({ address })))
  const listening = async (...addresses: string[]) => {
    const servers = await listenOn('host', 0, () => createTcpServer(), at(...addresses))
    onTestFinished(() => servers.forEach(server => void server.close()))
    return servers.map(server => server.address())
  }

  it.runIf(hasIpv6)('with several addresses is listened on at each of them, on one port', async () => {
    const [first, second, ...more] = await listening('127.0.0.1', '::1', '127.0.0.1')
    expect([first, second, more]).toMatchObject([{ address: '127.0.0.1' }, { address: '::1' }, []])
    expect(second).toHaveProperty('port', (first as { port: number }).port)
  })

  it('may have addresses that this machine has not', async () => {
    expect(await listening('192.0.2.1', '127.0.0.1')).toMatchObject([{ address: '127.0.0.1' }])
    await expect(listening('192.0.2.1')).rejects.toThrow('EADDRNOTAVAIL')
  })

  it.runIf(hasIpv6)('whose port is taken at one of them is not listened on at the others', async () => {
    const taken = createTcpServer().listen(0, '::1')
    await once(taken, 'listening')
    const port = portOf(taken)
    const create = () => createTcpServer()
    await expect(listenOn('host', port, create, at('127.0.0.1', '::1'))).rejects.toThrow('EADDRINUSE')
    const [free] = await listenOn('host', port, create, at('127.0.0.1'))
    for (const server of [taken, free!]) server.close()
  })

  it.runIf(hasIpv6)('whose picked port is taken at another of its addresses gets the next', async () => {
    const made: Server[] = []
    let stranger: Server | undefined
    const create = () => {
      if (made[0] && !stranger) stranger = createTcpServer().listen(portOf(made[0]), '::1')
      const server = createTcpServer()
      made.push(server)
      return server
    }
    const servers = await listenOn('host', 0, create, at('127.0.0.1', '::1'))
    const [first, second, taken] = [...servers, stranger!].map(portOf)
    expect(second).toBe(first)
    expect(taken).not.toBe(first)
    for (const server of [...servers, stranger!]) server.close()
  })
})
