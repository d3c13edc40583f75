// What becomes of frames: each to the listeners once, cursors in the order in which they are handled.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServerFrame } from '../../src/client/frames.ts'
import { Listeners } from '../../src/client/listeners.ts'
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
  const receiver = new Receiver(listeners, outbox, cursor, {
    kept: cursor => kept.push(cursor),
    handled: ({ seq }) => handled.push(seq),
    repeated: ({ seq }) => repeated.push(seq),
    busy: () => false,
    answered: () => {},
    newStore: () => {},
  })
  return { listeners, outbox, kept, handled, repeated, receiver }
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
    await frames.return?.()
    expect(kept).toEqual(['c1', 'c2'])
  })

  it('ends its iterators with what they still have', async () => {
    const { listeners, receiver } = open()
    const frames = listeners.frames()
    receiver.frame(message(1))
    listeners.end()
    expect((await frames.next()).value).toMatchObject({ seq: 1 })
    expect((await frames.next()).done).toBe(true)
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
