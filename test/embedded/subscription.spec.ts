// A subscription's two ways, reading and live, over a client and a log that the test moves by hand.
import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/embedded/calls/call.ts'
import type { Cursor } from '../../src/embedded/calls/cursors.ts'
import { follow } from '../../src/embedded/calls/subscription.ts'
import type { Committed, Follower } from '../../src/embedded/engine/tail.ts'
import { streamDeleted } from '../../src/embedded/protocol/status.ts'
import type { CallFailed } from '../../src/embedded/protocol/status.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A log of numbered one-byte "frames", and a client that takes until it is told to be full. */
const open = () => {
  const log: number[] = []
  let at = 0
  let commit: Follower = () => undefined
  let reads = 0
  let following = true
  let over: CallFailed | undefined
  const cursor: Cursor = {
    next: () => {
      reads++
      const page = log.slice(at, at + 2)
      at += page.length
      return page.length === 0 ? undefined : [Buffer.from(page)]
    },
    take: () => {
      const rest = log.slice(at, at + 3)
      at += rest.length
      return { frames: rest.length === 0 ? [] : [Buffer.from(rest)], whole: at === log.length }
    },
    started: () => true,
    follow: follower => {
      commit = follower
      return () => (following = false)
    },
    over: () => over,
  }
  const client = { sent: [] as Buffer[], full: false, closed: false, ending: undefined as CallFailed | undefined }
  let drained: () => void = () => undefined
  let onClose = (): void => undefined
  const call: Call = {
    closed: () => client.closed,
    onClose: callback => (onClose = callback),
    send: bytes => {
      client.sent.push(bytes)
      return !client.full
    },
    drained: () => (client.full ? new Promise(resolve => (drained = resolve)) : Promise.resolve()),
    finish: error => {
      client.closed = true
      client.ending = error
    },
    guard: code => code(),
    receive: () => undefined,
    pause: () => undefined,
  }
  return {
    log,
    client,
    call,
    cursor,
    append: (...events: number[]) => {
      log.push(...events)
      commit({} as Committed)
    },
    appendLast: (last: number, why: CallFailed) => {
      log.push(last)
      over = why
      commit({} as Committed)
    },
    drain: async () => {
      client.full = false
      drained()
      await turn()
    },
    close: () => {
      client.closed = true
      onClose()
    },
    reads: () => reads,
    following: () => following,
    /** What came, but for the confirmation and the word that it is live, which begin with a byte of length 0. */
    events: () => client.sent.filter(bytes => bytes[0] !== 0).flatMap(bytes => [...bytes]),
  }
}

describe('a subscription', () => {
  it('reads to the end page by page, then takes commits without reading', async () => {
    const { log, call, cursor, append, events, reads } = open()
    log.push(1, 2, 3)
    follow(call, cursor)
    for (let i = 0; i < 4; i++) await turn()
    const atEnd = reads()
    append(4)
    append(5, 6)
    expect(events()).toEqual([1, 2, 3, 4, 5, 6])
    expect(reads()).toBe(atEnd)
  })

  it('reads from the log what of a commit is more than is sent at once', async () => {
    const { call, cursor, append, events, reads } = open()
    follow(call, cursor)
    append(1, 2, 3, 4, 5, 6)
    expect([events(), reads()]).toEqual([[1, 2, 3], 1])
    for (let i = 0; i < 4; i++) await turn()
    append(7)
    expect(events()).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('misses and repeats nothing that is committed while it reads', async () => {
    const { log, call, cursor, append, events } = open()
    log.push(1, 2, 3)
    follow(call, cursor)
    append(4)
    await turn()
    append(5)
    for (let i = 0; i < 4; i++) await turn()
    append(6)
    expect(events()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('is sent nothing more while the client is full, whatever is committed, and then reads on from the log', async () => {
    const { log, call, cursor, append, events, client, drain } = open()
    log.push(1)
    follow(call, cursor)
    for (let i = 0; i < 3; i++) await turn()
    client.full = true
    append(2)
    const held = client.sent.length
    for (let n = 3; n < 50; n++) append(n)
    await turn()
    expect(client.sent.length).toBe(held)
    await drain()
    for (let i = 0; i < 30; i++) await turn()
    append(50)
    expect(events()).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('that has become full while it reads stops reading', async () => {
    const { log, call, cursor, events, client, drain, reads } = open()
    log.push(1, 2, 3, 4, 5, 6)
    client.full = true
    follow(call, cursor)
    for (let i = 0; i < 5; i++) await turn()
    expect([events(), reads()]).toEqual([[1, 2], 1])
    await drain()
    for (let i = 0; i < 5; i++) await turn()
    expect(events()).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('that is over gives what came before, then says why, and nothing more', async () => {
    const { call, cursor, append, appendLast, events, client } = open()
    follow(call, cursor)
    await turn()
    append(1)
    const why = streamDeleted('s')
    appendLast(2, why)
    append(3)
    expect([events(), client.ending]).toEqual([[1, 2], why])
  })

  it('stops following when its client is gone', async () => {
    const { call, cursor, close, following, append, client } = open()
    follow(call, cursor)
    await turn()
    close()
    const sent = client.sent.length
    append(1)
    expect([following(), client.sent.length]).toEqual([false, sent])
  })
})
