// Pairs of people: the first writes, the second answers that it was delivered and read; a message is complete when its writer
// knows that it was read. Receipts are marks: one may complete several.
import { randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import { createFaults } from './faults.ts'
import { inParallel } from './waiting.ts'
import type { Faults } from './faults.ts'
import type { Setting } from './jobs.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { TEXT } from './text.ts'
import { createTimes } from './times.ts'

interface Pair {
  writer: Session
  reader: string
  /** Sent and not complete, by id; `seq` once it is known. */
  underWay: Map<string, { began: number; seq: number | undefined }>
  delivered: number
  read: number
}

export interface Pairs {
  /** `began`: when it was meant to be sent. */
  send(pair: number, began: number): void
  count: number
  completed(): number
  underWay(): number
  times: Record<'sent' | 'message' | 'delivered' | 'read', ReturnType<typeof createTimes>>
  faults: Faults
  close(): Promise<void>
}

export const openPairs = async (
  setting: Setting,
  users: number,
  onComplete: (pair: number) => void,
): Promise<Pairs> => {
  const run = randomUUID().slice(0, 8)
  const faults = createFaults()
  const times = { sent: createTimes(), message: createTimes(), delivered: createTimes(), read: createTimes() }
  let completed = 0
  const since = (began: number) => performance.now() - began

  /** Messages up to the marks; a mark may come before the answer that tells the seq. */
  const settle = (pair: Pair, index: number): void => {
    for (const [id, { began, seq }] of pair.underWay) {
      if (seq === undefined || seq > pair.read) continue
      pair.underWay.delete(id)
      times.read.took(since(began))
      completed++
      onComplete(index)
    }
  }

  const open = async (index: number): Promise<Pair & { readerSession: Session }> => {
    const reader = `bench-${run}-${index}-reader`
    const readerSession = await openSession(setting, reader, {
      faults,
      onMessage: ({ id, conversation, seq }, session) => {
        const message = pair.underWay.get(id)
        if (message) times.message.took(since(message.began))
        session.delivered(conversation, seq)
        session.read(conversation, seq)
      },
    })
    const writer = await openSession(setting, `bench-${run}-${index}-writer`, {
      faults,
      onSent: ({ id, seq }) => {
        const message = pair.underWay.get(id)
        if (!message) return faults.add(`an answer to ${id}, which nobody waits for`)
        times.sent.took(since(message.began))
        message.seq = seq
        if (seq <= pair.read) settle(pair, index)
      },
      onReceipt: ({ read = -1, delivered = read }) => {
        for (const { began, seq } of pair.underWay.values())
          if (seq !== undefined && seq > pair.delivered && seq <= delivered) times.delivered.took(since(began))
        pair.delivered = Math.max(pair.delivered, delivered)
        if (read <= pair.read) return
        pair.read = read
        settle(pair, index)
      },
    })
    const pair: Pair = { writer, reader, underWay: new Map(), delivered: -1, read: -1 }
    return Object.assign(pair, { readerSession })
  }
  const pairs = await inParallel(users >> 1, 8, open)

  return {
    send: (index, began) => {
      const { writer, reader, underWay } = pairs[index]!
      const id = v7()
      underWay.set(id, { began, seq: undefined })
      writer.send(id, { user: reader }, { text: TEXT })
    },
    count: pairs.length,
    completed: () => completed,
    underWay: () => pairs.reduce((sum, { underWay }) => sum + underWay.size, 0),
    times,
    faults,
    close: async () => {
      await Promise.all(pairs.flatMap(({ writer, readerSession }) => [writer.close(), readerSession.close()]))
    },
  }
}
