// One BatchAppend call over a log that the test settles by hand: answers in one write, and a client that is held back.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { batchAppend } from '../../src/embedded/calls/batch-append.ts'
import type { Call } from '../../src/embedded/calls/call.ts'
import type { EventLog, Outcome } from '../../src/embedded/engine/event-log.ts'
import { frameCutter } from '../../src/wire/frames.ts'
import { bytesField, emptyField, messageField, numberField, stringField } from '../../src/wire/writer.ts'

const request = (): Buffer =>
  Buffer.concat([
    messageField(1, stringField(2, randomUUID())),
    messageField(2, messageField(1, stringField(3, 's')), emptyField(4)),
    messageField(
      3,
      messageField(1, stringField(2, randomUUID())),
      messageField(2, stringField(1, 'type'), stringField(2, 'Said')),
      messageField(2, stringField(1, 'content-type'), stringField(2, 'application/json')),
      bytesField(4, Buffer.from('{}')),
    ),
    numberField(4, 1),
  ])

const open = () => {
  const settle: ((outcome: Outcome) => void)[] = []
  const seen = { writes: [] as Buffer[], paused: false, finished: false, waiting: 0 }
  let onMessage: (message: Buffer) => void = () => undefined
  let onEnd = (): void => undefined
  let onClose = (): void => undefined
  const call: Call = {
    closed: () => seen.finished,
    onClose: callback => (onClose = callback),
    send: bytes => seen.writes.push(bytes) > 0,
    drained: () => Promise.resolve(),
    finish: () => (seen.finished = true),
    guard: code => code(),
    receive: (message, end) => ([onMessage, onEnd] = [message, end]),
    pause: paused => (seen.paused = paused),
  }
  const log: Pick<EventLog, 'append' | 'waiting'> = {
    append: (_, settled) => void settle.push(settled),
    waiting: () => seen.waiting,
  }
  batchAppend(call, log as EventLog)
  return {
    seen,
    settle,
    send: () => onMessage(request()),
    end: () => onEnd(),
    close: () => onClose(),
    stored: (last: number): Outcome => ({ kind: 'stored', last, position: 1 }),
  }
}

const messagesIn = (bytes: Buffer): number => {
  let count = 0
  frameCutter(() => count++)(bytes)
  return count
}

describe('a batch of appends', () => {
  it('has the answers of one commit in one write, and ends when the last is answered', async () => {
    const { seen, settle, send, end, close, stored } = open()
    for (let i = 0; i < 5; i++) send()
    for (const [i, settled] of settle.splice(0, 4).entries()) settled(stored(i))
    await Promise.resolve()
    expect(seen.writes.map(messagesIn)).toEqual([4])
    end()
    expect(seen.finished).toBe(false)
    settle[0]!(stored(4))
    await Promise.resolve()
    expect([seen.writes.map(messagesIn), seen.finished]).toEqual([[4, 1], true])
    close()
  })

  it('is not read further while too much waits for the disk', async () => {
    const { seen, settle, send, close, stored } = open()
    send()
    expect(seen.paused).toBe(false)
    seen.waiting = 100 * 1024 * 1024
    send()
    expect(seen.paused).toBe(true)
    seen.waiting = 0
    settle[0]!(stored(0))
    await Promise.resolve()
    expect(seen.paused).toBe(false)
    close()
  })
})
