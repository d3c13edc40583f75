// What the link does with what comes late.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Link } from '../../src/client/link.ts'
import type { LinkOwner } from '../../src/client/link.ts'
import type { SocketListener } from '../../src/client/socket.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })) // it waits until it is told to try
afterEach(() => void vi.useRealTimers())

const turn = () => new Promise(setImmediate)

function open() {
  const sockets: SocketListener[] = []
  const asked: ((reachable: boolean) => void)[] = []
  const owner: LinkOwner = {
    open: (_, listener) => {
      sockets.push(listener)
      return { send: () => {}, drop: () => Promise.resolve() }
    },
    reachable: () => new Promise(resolve => asked.push(resolve)),
    resumeFrom: () => undefined,
    caughtUp: () => true,
    frame: () => {},
    catchUp: () => [],
    changed: () => {},
    ended: () => {},
  }
  const ways = { is: 'socket', failed: 2, climbed: 0 } as const // the next one that fails is enough
  const link = new Link(owner, { ways, patienceMs: 1000, trySocketAfterMs: 1000 })
  link.connect()
  sockets[0]!.lost(1006, 'blocked')
  return { link, sockets, asked }
}

const welcome = { type: 'welcome' } as Parameters<SocketListener['frame']>[0]

describe('the answer whether the server is reachable', () => {
  it('[C18] counts while the link waits', async () => {
    const { link, asked } = open()
    asked[0]!(true)
    await turn()
    expect([link.state, link.way]).toEqual(['waiting', 'poll'])
  })

  it('[C18] changes no way under a socket that is tried again, or is live', async () => {
    const { link, sockets, asked } = open()
    link.connect()
    asked[0]!(true)
    await turn()
    expect([link.state, link.way]).toEqual(['connecting', 'socket'])
    sockets[1]!.lost(1006, 'blocked')
    link.connect()
    sockets[2]!.opened()
    sockets[2]!.frame(welcome)
    asked[1]!(true)
    await turn()
    expect([link.state, link.way]).toEqual(['live', 'socket'])
  })

  it('[C18] says nothing of a later wait', async () => {
    const { link, sockets, asked } = open()
    link.connect()
    sockets[1]!.lost(1006, 'blocked')
    asked[0]!(true)
    await turn()
    expect([link.state, link.way]).toEqual(['waiting', 'socket'])
  })
})
