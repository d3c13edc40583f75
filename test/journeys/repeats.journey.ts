// Everything that has an id, asked 300 times over three boxes at once; then everything is killed, and it is asked again.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ClientFrame, FrameOf, ServerFrame } from '../../src/client/frames.ts'
import { connectEventStore } from '../../src/eventstore/index.ts'
import { freshFolder, startServer, token, type Server } from '../support/server.ts'
import { readAll } from '../support/stack.ts'

const repeats = 300
const socketsOfABox = 10

/** One server with the engines in it, and two more boxes beside it. */
interface Boxes {
  readonly all: readonly Server[]
  killed(): Promise<void>
  stopped(): Promise<void>
}

const dataDir = freshFolder()
const secrets = {
  AUTH_SECRET: randomBytes(32).toString('hex'),
  MASTER_KEY: randomBytes(32).toString('base64'),
  DEV_TOKENS: 'on',
}

async function startBoxes(): Promise<Boxes> {
  const first = await startServer({ dataDir, env: secrets })
  const engines = { EVENTSTORE_URL: first.printed.get('store')!, DATABASE_URL: first.printed.get('database')! }
  const more = () => startServer({ env: { ...secrets, ...engines, ROLE: 'gateway' } })
  const others = await Promise.all([more(), more()])
  return {
    all: [first, ...others],
    killed: async () => void (await Promise.all([first, ...others].map(box => box.kill()))),
    stopped: async () => {
      await Promise.all(others.map(box => box.stop()))
      await first.stop()
    },
  }
}

type Asking = Extract<ClientFrame, { id: string }>

/** A person's sockets, some to each box. What is asked is asked on all of them, again and again. */
async function everywhere(boxes: Boxes, user: string) {
  const heard = new Set<(frame: ServerFrame) => void>()
  const sockets = await Promise.all(
    boxes.all.flatMap(({ url }) =>
      Array.from({ length: socketsOfABox }, async () => {
        const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/socket?token=${await token(url, user)}`)
        await new Promise(resolve => ws.once('message', resolve)) // the welcome
        ws.on('message', data => {
          const frame = JSON.parse((data as Buffer).toString()) as ServerFrame
          for (const hear of heard) hear(frame)
        })
        return ws
      }),
    ),
  )
  const say = (frame: ClientFrame) => {
    for (let n = 0; n < repeats / sockets.length; n++) for (const ws of sockets) ws.send(JSON.stringify(frame))
  }
  /** Resolves to the answers, each different one once. */
  const ask = async (frame: Asking): Promise<FrameOf<'sent'>[]> => {
    const answers: (FrameOf<'sent'> | FrameOf<'error'>)[] = []
    await new Promise<void>(resolve => {
      heard.add(answer => {
        if ((answer.type !== 'sent' && answer.type !== 'error') || answer.id !== frame.id) return
        if (answers.push(answer) === repeats) resolve()
      })
      say(frame)
    })
    heard.clear()
    return [...new Set(answers.map(answer => JSON.stringify(answer)))].map(text => JSON.parse(text) as FrameOf<'sent'>)
  }
  /** A mark has no answer; one to what is asked after it on each socket says that it was taken. */
  const mark = async (frame: Extract<ClientFrame, { type: 'delivered' | 'read' }>): Promise<void> => {
    say(frame)
    const pongs = new Promise<void>(resolve => {
      let left = sockets.length
      heard.add(({ type }) => type === 'pong' && --left === 0 && resolve())
    })
    for (const ws of sockets) ws.send('{"type":"ping"}')
    await pongs
    heard.clear()
  }
  const close = () => sockets.forEach(ws => ws.close())
  return { ask, mark, close }
}

let boxes: Boxes
beforeAll(async () => {
  boxes = await startBoxes()
})
afterAll(() => boxes.stopped())

const id = () => crypto.randomUUID()

describe('repeats', () => {
  it('[Z2] 300 of a send, an edit, a reaction and a retraction over three boxes are one of each with one answer, before and after kill -9 of everything', async () => {
    const [message, other] = [id(), id()]
    const first = { type: 'send', id: message, to: { user: 'bob' }, body: { text: 'once' } } as const
    const inside = (conversation: string): readonly Asking[] => [
      { type: 'send', id: other, to: { conversation }, body: { text: 'taken back' } },
      { type: 'edit', id: id(), conversation, message, body: { text: 'once, better' } },
      { type: 'react', id: id(), conversation, message, reaction: '👍', on: true },
      { type: 'react', id: id(), conversation, message, reaction: '👍', on: false },
      { type: 'retract', id: id(), conversation, message: other },
    ]
    const answers = new Map<string, FrameOf<'sent'>>()
    const once = (frame: Asking, found: FrameOf<'sent'>[]) => {
      expect(found, frame.type).toHaveLength(1)
      expect(found[0]).toMatchObject(answers.get(frame.id) ?? { type: 'sent', seq: answers.size + 1 })
      answers.set(frame.id, found[0]!)
      return found[0]!
    }
    let alice = await everywhere(boxes, 'alice')
    const { conversation } = once(first, await alice.ask(first))
    const frames = inside(conversation)
    for (const frame of frames) once(frame, await alice.ask(frame))

    await boxes.killed()
    boxes = await startBoxes()
    alice = await everywhere(boxes, 'alice')
    for (const frame of [first, ...frames]) once(frame, await alice.ask(frame))
    alice.close()

    const store = connectEventStore(boxes.all[0]!.printed.get('store')!)
    const events = await readAll(store, `conversation-${conversation}`)
    await store.close()
    expect(events.map(({ type }) => type)).toEqual([
      'ConversationStarted',
      'MessageSent',
      'MessageSent',
      'MessageEdited',
      'ReactionAdded',
      'ReactionRemoved',
      'MessageRetracted',
    ])
  })

  it('[Z3] 300 of a delivered and of a read mark over three boxes are one event each, before and after kill -9 of everything', async () => {
    const sender = await everywhere(boxes, 'carl')
    const sends = [1, 2].map(n => ({ type: 'send', id: id(), to: { user: 'dora' }, body: { text: `${n}` } }) as const)
    const [answer] = await sender.ask(sends[0]!)
    await sender.ask(sends[1]!)
    sender.close()
    const { conversation } = answer!
    const tell = async () => {
      const reader = await everywhere(boxes, 'dora')
      await reader.mark({ type: 'delivered', conversation, upTo: 2 })
      await reader.mark({ type: 'read', conversation, upTo: 1 })
      await reader.mark({ type: 'read', conversation, upTo: 2 })
      await reader.mark({ type: 'delivered', conversation, upTo: 1 }) // said late, by who has said more
      reader.close()
    }
    const marks = async () => {
      const store = connectEventStore(boxes.all[0]!.printed.get('store')!)
      const events = await readAll(store, `receipts-${conversation}`)
      await store.close()
      return events.map(({ type, data }) => `${type} ${(data as { upTo: number }).upTo}`)
    }
    await tell()
    await expect.poll(marks).toContain('MessagesRead 2')
    await boxes.killed()
    boxes = await startBoxes()
    await tell()
    // what is said last is appended last: when it is there, nothing of before is on its way
    const last = await everywhere(boxes, 'carl')
    const third = { type: 'send', id: id(), to: { user: 'dora' }, body: { text: '3' } } as const
    await last.ask(third)
    last.close()
    const reader = await everywhere(boxes, 'dora')
    await reader.mark({ type: 'read', conversation, upTo: 3 })
    reader.close()
    await expect.poll(marks).toContain('MessagesRead 3')
    const all = await marks()
    expect(all).toEqual([...new Set(all)])
    expect(all).toEqual(expect.arrayContaining(['MessagesDelivered 2', 'MessagesRead 2', 'MessagesRead 3']))
    expect(all.filter(one => one.startsWith('MessagesDelivered'))).toHaveLength(1)
  })
})
