// What becomes of frames: each to the listeners once, cursors in the order in which they are handled.
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { HistoryMessage } from '../../src/client/answers.ts'
import type { ServerFrame } from '../../src/client/frames.ts'
import type { Hole } from '../../src/client/gaps.ts'
import { Listeners } from '../../src/client/listeners.ts'
import { mostWaiting } from '../../src/client/queue.ts'
import { Outbox } from '../../src/client/outbox.ts'
import { Receiver } from '../../src/client/receiver.ts'
import { Seen } from '../../src/client/seen.ts'

const at = '2020-01-01T00:00:00.000Z'
const message = (seq: number, conversation = 'c'): ServerFrame => ({
  ...{ type: 'message', conversation, seq, id: `id-${seq}`, from: 'bob', at, body: { text: 'x' }, cursor: `c${seq}` },
})
const welcome = (cursor: string, epoch = 'e'): ServerFrame => ({
  ...{ type: 'welcome', user: 'alice', session: 's', device: 'd', box: 'b', epoch, cursor },
  limits: {
    members: 9,
    mediaBytes: 1,
    bodyBytes: 9999,
    frameBytes: 9999,
    framesPerRequest: 9,
    pageSize: 9,
    watch: 9,
    reactionBytes: 9,
    minTtl: '1s',
  },
})

function open(cursor?: string) {
  const listeners = new Listeners()
  const outbox = new Outbox()
  const kept: string[] = []
  const handled: number[] = []
  const repeated: number[] = []
  const holes: Hole[] = []
  const filled: ((messages: HistoryMessage[] | undefined) => void)[] = []
  const signals: AbortSignal[] = []
  const link = { isLive: true }
  const receiver = new Receiver(listeners, outbox, cursor, {
    kept: cursor => kept.push(cursor),
    handled: ({ seq }) => handled.push(seq),
    repeated: ({ seq }) => repeated.push(seq),
    busy: () => false,
    answered: () => {},
    newStore: () => {},
    fill: (hole, signal) => {
      holes.push(hole)
      signals.push(signal)
      return new Promise(resolve => filled.push(resolve))
    },
    isLive: () => link.isLive,
    look: () => {},
  })
  return { listeners, outbox, kept, handled, repeated, receiver, holes, filled, signals, link }
}

describe('the receiver', () => {
  it('[C7] tells listeners each (conversation, seq) once, in whatever order and however often it comes', () => {
    const frame = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.constantFrom('a', 'b'))
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 200 }), frames => {
        const { listeners, receiver } = open()
        const told: string[] = []
        listeners.on('message', ({ conversation, seq }) => told.push(`${conversation} ${seq}`))
        for (const [seq, conversation] of frames) receiver.frame(message(seq, conversation))
        expect(told).toEqual([...new Set(frames.map(([seq, conversation]) => `${conversation} ${seq}`))])
      }),
    )
  })

  it('tells receipts only where they say more', () => {
    const seen = new Seen()
    expect(seen.advance({ conversation: 'c', by: 'bob', delivered: 4 })).toBe(true)
    expect(seen.advance({ conversation: 'c', by: 'bob', delivered: 3 })).toBe(false)
    expect(seen.advance({ conversation: 'c', by: 'bob', read: 4 })).toBe(true)
    expect(seen.advance({ conversation: 'c', by: 'bob', read: 9 })).toBe(true)
    expect(seen.advance({ conversation: 'c', by: 'bob', delivered: 9 })).toBe(false)
  })

  it('tells the message at whose seq a reaction was so already, though that is answered twice', () => {
    const { listeners, outbox, receiver } = open()
    const told: number[] = []
    listeners.on('message', ({ seq }) => told.push(seq))
    void outbox.put({ type: 'react', id: 'id-9', conversation: 'c', message: 'id-1', reaction: '👍', on: true })
    const sent: ServerFrame = { type: 'sent', id: 'id-9', conversation: 'c', seq: 3, at, position: '1' }
    receiver.frame(sent)
    receiver.frame(sent)
    receiver.frame(message(3))
    expect(told).toEqual([3])
  })

  it('tells once that a message was given up on for somebody, though it comes again', () => {
    const { listeners, receiver } = open()
    const told: string[] = []
    listeners.on('failed', ({ to }) => told.push(to))
    for (const to of ['bob', 'carol', 'bob'])
      receiver.frame({
        ...{
          type: 'failed',
          id: 'id-1',
          conversation: 'c',
          seq: 1,
          to,
          reason: 'too-old',
          attempts: 0,
          at,
          cursor: 'f',
        },
      })
    expect(told).toEqual(['bob', 'carol'])
  })

  it('says which message has come again: that it has come may be known to nobody', () => {
    const { repeated, receiver } = open()
    for (const seq of [1, 2, 1]) receiver.frame(message(seq))
    expect(repeated).toEqual([1])
  })

  it('does not tell what this client sent itself and has no answer for yet', () => {
    const { listeners, outbox, receiver } = open()
    const told: unknown[] = []
    listeners.on('message', frame => told.push(frame))
    void outbox.put({ type: 'send', id: 'id-3', to: { user: 'bob' }, body: {} })
    receiver.frame(message(3))
    expect(told).toEqual([])
    expect(outbox.has('id-3')).toBe(true)
  })

  it('[C8] keeps a cursor only when its frame and all before it are handled', async () => {
    const { listeners, kept, handled, receiver } = open('old')
    const finish: (() => void)[] = []
    listeners.on('message', () => new Promise<void>(resolve => finish.push(resolve)))
    receiver.frame(message(1))
    receiver.frame(message(2))
    receiver.frame({ type: 'head', cursor: 'h' })
    finish[1]?.()
    await Promise.resolve()
    expect(kept).toEqual([])
    finish[0]?.()
    await new Promise(setImmediate)
    expect(kept).toEqual(['c1', 'c2', 'h'])
    expect(handled).toEqual([1, 2])
  })

  it('counts a frame of an iterator as handled when the next one is asked for', async () => {
    const { listeners, kept, receiver } = open('old')
    const frames = listeners.frames()
    receiver.frame(message(1))
    receiver.frame(message(2))
    expect((await frames.next()).value).toMatchObject({ seq: 1 })
    expect(kept).toEqual([])
    expect((await frames.next()).value).toMatchObject({ seq: 2 })
    expect(kept).toEqual(['c1'])
  })

  it('[C8] keeps no cursor of what an iterator was left with, as by an error in a loop over it', async () => {
    const { listeners, kept, handled, receiver } = open('old')
    const messages = listeners.events('message')
    for (const seq of [1, 2, 3]) receiver.frame(message(seq))
    const failing = async () => {
      for await (const { seq } of messages) if (seq === 2) throw new Error('the disk is full')
    }
    await expect(failing()).rejects.toThrow('the disk is full')
    receiver.frame(message(4))
    expect(kept).toEqual(['c1'])
    expect(handled).toEqual([1])
    expect((await messages.next()).done).toBe(true)
  })

  it('[C8] goes on keeping cursors where an iterator is left that had nothing in hand, or nothing that a cursor waits for', async () => {
    const { listeners, kept, receiver } = open('old')
    const messages = listeners.events('message')
    const current = listeners.events('current')
    receiver.frame(message(1))
    listeners.tell('current', { current: true })
    await messages.next()
    const next = messages.next()
    await messages.return?.()
    expect((await next).done).toBe(true)
    expect((await current.next()).value).toEqual({ current: true })
    await current.return?.()
    receiver.frame(message(2))
    expect(kept).toEqual(['c1', 'c2'])
  })

  it('[C28] gives the events of a type to an iterator of their own, which holds the cursor as a listener does', async () => {
    const { listeners, kept, receiver } = open('old')
    const messages = listeners.events('message')
    const resets = listeners.events('reset')
    receiver.frame(message(1))
    receiver.frame({ type: 'reset', reason: 'unknown-cursor' })
    receiver.frame(message(2))
    expect((await messages.next()).value).toMatchObject({ seq: 1 })
    expect((await resets.next()).value).toMatchObject({ type: 'reset' })
    expect(kept).toEqual([])
    expect((await messages.next()).value).toMatchObject({ seq: 2 })
    expect(kept).toEqual(['c1'])
    listeners.end()
    expect((await messages.next()).done).toBe(true)
  })

  it('[C28] ends an iterator that nobody reads, and the cursor stays before what it was not asked for', async () => {
    const { listeners, kept, receiver } = open('old')
    const read = listeners.events('message')
    const unread = listeners.frames()
    receiver.frame(message(0))
    expect((await read.next()).value).toMatchObject({ seq: 0 })
    for (let n = 1; n <= mostWaiting + 5; n++) {
      receiver.frame(message(n))
      expect((await read.next()).value).toMatchObject({ seq: n })
    }
    await expect(unread.next()).rejects.toMatchObject({ name: 'Overrun' })
    expect(kept).toEqual([])
  })

  it('ends its iterators with what they still have', async () => {
    const { listeners, receiver } = open()
    const frames = listeners.frames()
    receiver.frame(message(1))
    listeners.end()
    expect((await frames.next()).value).toMatchObject({ seq: 1 })
    expect((await frames.next()).done).toBe(true)
  })

  it('takes nothing more into an iterator that has ended, and counts that as unhandled', async () => {
    const { listeners, kept, receiver } = open('old')
    const messages = listeners.events('message')
    const next = messages.next()
    listeners.end()
    receiver.frame(message(1))
    expect((await next).done).toBe(true)
    expect((await messages.next()).done).toBe(true)
    expect(kept).toEqual([])
  })

  it('resumes from the last cursor that came, also from that of a duplicate', () => {
    const { receiver } = open()
    receiver.frame(welcome('w1'))
    receiver.frame(message(1))
    expect(receiver.resumeFrom).toBe('c1')
    receiver.frame({ type: 'head', cursor: 'h' })
    receiver.frame(message(1))
    expect(receiver.resumeFrom).toBe('c1')
  })

  it('[Y6] has no cursor before the backlog: a socket that is lost in between skips nothing, and a reset tells of the break', () => {
    const { listeners, kept, receiver } = open()
    const told: string[] = []
    listeners.on('message', ({ seq }) => told.push(`message ${seq}`))
    listeners.on('reset', ({ reason }) => told.push(`reset ${reason}`))
    receiver.frame(welcome('w1'))
    expect(receiver.resumeFrom).toBeUndefined()
    receiver.frame(welcome('w2')) // the first socket was lost before anything of the backlog came
    expect(receiver.resumeFrom).toBeUndefined()
    receiver.frame(message(1))
    receiver.frame({ type: 'head', cursor: 'h' })
    expect(receiver.resumeFrom).toBe('h')
    expect(told).toEqual(['reset unknown-cursor', 'message 1'])
    expect(kept).toEqual(['c1', 'h'])
  })

  it('[C9] does not take the welcome’s cursor where it resumes: that would skip what came in between', () => {
    const { kept, receiver } = open('mine')
    receiver.frame(welcome('w1'))
    expect(receiver.resumeFrom).toBe('mine')
    expect(kept).toEqual([])
  })

  it('has no cursor after a reset until the backlog has come, and after another epoch knows no seq any more', () => {
    const { listeners, kept, receiver } = open('mine')
    const told: string[] = []
    listeners.on('message', ({ seq }) => told.push(`message ${seq}`))
    listeners.on('reset', ({ reason }) => told.push(`reset ${reason}`))
    receiver.frame(welcome('w1', 'e1'))
    receiver.frame(message(1))
    receiver.frame(welcome('w2', 'e2'))
    receiver.frame({ type: 'reset', reason: 'epoch' })
    expect(receiver.resumeFrom).toBeUndefined()
    receiver.frame(message(1))
    expect(told).toEqual(['message 1', 'reset epoch', 'message 1'])
    expect(kept).toEqual(['c1', 'c1'])
  })
})

describe('what is missing', () => {
  const live = (seq: number, previous: number): ServerFrame => ({ ...message(seq), previous }) as ServerFrame
  const history = (seq: number): HistoryMessage => ({ seq, id: `id-${seq}`, from: 'bob', at, body: { text: 'x' } })
  const begun = () => {
    const one = open('old')
    const told: string[] = []
    one.listeners.on('message', ({ seq }) => told.push(`${seq}`))
    one.listeners.on('gap', ({ messages, filled }) => told.push(`gap ${messages}${filled ? '' : ' not filled'}`))
    one.receiver.frame(welcome('w'))
    one.receiver.frame({ type: 'resumed', cursor: 'r' })
    one.receiver.frame(live(5, 4)) // what was before it was before this client
    return { ...one, told }
  }

  it('[C20] is fetched and told before what comes after it, once, and until then the cursor does not move', async () => {
    const { told, receiver, holes, filled, kept } = begun()
    receiver.frame(live(9, 7))
    receiver.frame({ type: 'head', cursor: 'h' })
    expect(holes).toEqual([{ conversation: 'c', after: 5, before: 9, missing: 7, certain: true }])
    expect(told).toEqual(['5'])
    expect([kept.at(-1), receiver.resumeFrom, receiver.current]).toEqual(['c5', 'h', false])
    filled[0]?.([history(6), history(7)])
    await new Promise(setImmediate)
    expect(told).toEqual(['5', '6', '7', 'gap 2', '9'])
    expect([kept.at(-1), receiver.resumeFrom, receiver.current]).toEqual(['h', 'h', true])
    receiver.frame(message(7))
    receiver.frame(live(10, 9))
    expect(told.at(-1)).toBe('10')
    expect(holes).toHaveLength(1)
  })

  it('[C21] is not what nobody else was told, was before one came, or while one was away', () => {
    const { told, receiver, holes } = begun()
    receiver.frame(live(9, 5)) // 6 to 8 say something about messages that this client may not see
    receiver.frame(live(10, 3))
    const member = (seq: number, change: 'left' | 'joined') => {
      receiver.frame({ type: 'member', conversation: 'c', seq, user: 'alice', change, at, cursor: `c${seq}` })
    }
    member(11, 'left')
    member(20, 'joined')
    receiver.frame(live(21, 19))
    receiver.frame(live(22, 21))
    receiver.frame(message(2)) // again, since nobody has acknowledged it
    expect(holes).toEqual([])
    expect(told).toEqual(['5', '9', '10', '21', '22', '2'])
  })

  it('[C21] is not what this client has said itself, with the answer on its way', () => {
    const { told, receiver, holes, outbox } = begun()
    void outbox.put({ type: 'send', id: 'id-6', to: { user: 'bob' }, body: {} })
    receiver.frame(live(7, 6))
    expect(told).toEqual(['5'])
    receiver.frame({ type: 'sent', id: 'id-6', conversation: 'c', seq: 6, at, position: '1' })
    expect(told).toEqual(['5', '7'])
    expect(holes).toEqual([])
  })

  it('[C20] is said to be so where it cannot be had, and what waited is told', async () => {
    const { told, receiver, filled } = begun()
    receiver.frame(live(9, 7))
    filled[0]?.(undefined)
    await new Promise(setImmediate)
    expect(told).toEqual(['5', 'gap 0 not filled', '9'])
  })

  it('[C20] is not given up because the connection is lost, nor comes again what waits for it', async () => {
    const { told, receiver, filled, link } = begun()
    receiver.frame(live(9, 7))
    receiver.frame({ type: 'head', cursor: 'h' })
    link.isLive = false
    filled[0]?.(undefined)
    await new Promise(setImmediate)
    expect([told, filled.length]).toEqual([['5'], 1])
    expect(receiver.resumeFrom).toBe('h')
    receiver.frame(welcome('w2')) // or polls have come to another box
    expect(filled).toHaveLength(2)
    link.isLive = true
    filled[1]?.([history(7)])
    await new Promise(setImmediate)
    expect(told).toEqual(['5', '7', 'gap 1', '9'])
    expect(receiver.current).toBe(false) // it was another connection that had said all
    receiver.frame({ type: 'resumed', cursor: 'r2' })
    expect(receiver.current).toBe(true)
  })

  it('[C20] is asked for again where the connection was lost meanwhile and is back', async () => {
    const { told, receiver, filled, signals } = begun()
    receiver.frame(live(9, 7))
    receiver.frame(welcome('w2'))
    expect(filled).toHaveLength(2)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    filled[0]?.(undefined)
    await new Promise(setImmediate)
    expect(told).toEqual(['5'])
    filled[1]?.([history(7)])
    await new Promise(setImmediate)
    expect(told).toEqual(['5', '7', 'gap 1', '9'])
  })

  it('[C20] is asked for until there is a connection by which it can be had', async () => {
    vi.useFakeTimers()
    const { told, receiver, filled, link } = begun()
    receiver.frame(live(9, 7))
    link.isLive = false
    receiver.frame(welcome('w2'))
    filled[1]?.(undefined) // before the server has said that all has come
    await vi.advanceTimersByTimeAsync(1_000)
    link.isLive = true
    receiver.frame({ type: 'resumed', cursor: 'r2' })
    expect(filled).toHaveLength(3)
    filled[2]?.([history(7)])
    await vi.advanceTimersByTimeAsync(0)
    expect(told).toEqual(['5', '7', 'gap 1', '9'])
    vi.useRealTimers()
  })

  it('[C20] and could not be had is not said to have come, is told when it comes, and then all has come', async () => {
    const { told, receiver, filled, handled } = begun()
    receiver.frame(live(9, 7))
    filled[0]?.(undefined)
    await new Promise(setImmediate)
    receiver.frame(live(10, 9))
    expect([told, handled]).toEqual([['5', 'gap 0 not filled', '9', '10'], [5]])
    receiver.frame(message(7)) // since nobody has acknowledged it
    receiver.frame(live(11, 10))
    await new Promise(setImmediate)
    expect(told.slice(4)).toEqual(['7', '11'])
    expect(handled).toEqual([5, 7, 11])
  })

  it('[C20] is noticed also where it came before what this client has said itself', async () => {
    const { told, receiver, holes, outbox, filled } = begun()
    const say = (seq: number) => {
      void outbox.put({ type: 'send', id: `id-${seq}`, to: { user: 'bob' }, body: {} })
      return () => receiver.frame({ type: 'sent', id: `id-${seq}`, conversation: 'c', seq, at, position: '1' })
    }
    say(7)()
    receiver.frame(live(8, 7))
    expect(holes).toEqual([{ conversation: 'c', after: 5, before: 8, missing: 6, certain: false }])
    filled[0]?.([history(6), history(7)])
    await new Promise(setImmediate)
    expect(told).toEqual(['5', '6', 'gap 1', '8'])
    const answered = say(10)
    receiver.frame(live(11, 10)) // 9 is missing, and the answer to 10 is on its way
    answered()
    expect(holes.at(-1)).toEqual({ conversation: 'c', after: 8, before: 11, missing: 9, certain: false })
    filled[1]?.([history(10)]) // it was for others
    await new Promise(setImmediate)
    receiver.frame(live(12, 10))
    expect(told.slice(4)).toEqual(['11', '12'])
    expect(holes).toHaveLength(2)
  })

  it('[C20] is of no store but its own', async () => {
    const { told, receiver, filled } = begun()
    receiver.frame(live(9, 7))
    receiver.frame(welcome('w2', 'another'))
    filled[0]?.([history(7)])
    await new Promise(setImmediate)
    expect(told).toEqual(['5'])
    expect(receiver.current).toBe(false)
  })

  it('[C22] keeps one from being current, as do what is not handled and a socket that has not said yet', async () => {
    const { receiver, listeners } = begun()
    expect(receiver.current).toBe(true)
    let finish = () => {}
    listeners.on('message', () => new Promise<void>(resolve => (finish = resolve)))
    receiver.frame(live(6, 5))
    receiver.frame({ type: 'head', cursor: 'h' })
    expect(receiver.current).toBe(false)
    finish()
    await new Promise(setImmediate)
    expect(receiver.current).toBe(true)
    receiver.frame(welcome('w2'))
    expect(receiver.current).toBe(false)
    receiver.frame({ type: 'place', cursor: 'p' } as never)
    expect(receiver.current).toBe(false)
    receiver.frame({ type: 'resumed', cursor: 'r2' })
    expect(receiver.current).toBe(true)
  })
})
