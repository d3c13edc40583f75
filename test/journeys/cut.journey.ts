// Somebody whose connection breaks again and again, in the middle of whatever it carries, while others write to them.
// CUT_SEED makes the same choices again; SOAK_CUTS goes on for so many cuts.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { ServerFrame } from '../../src/client/frames.ts'
import { api, connect, type Client, type ConnectOptions, type FrameOf, type Sent } from '../../src/client/index.ts'
import { startCutter, type Cutter } from '../support/cutter.ts'
import { seeded } from '../support/random.ts'
import { person, startServer, token, type Server } from '../support/server.ts'

const soak = Number(process.env['SOAK_CUTS'] ?? 0)
const perSecond = 200
const random = seeded('CUT_SEED')
const inTime = (cuts: number) => 240_000 + 300 * cuts

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  expect(await server.stop()).toBe(0)
})
/** How long a client waits before it comes back is luck alone, from nothing on: here it is always lucky. */
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0))
afterEach(() => void vi.restoreAllMocks())

type Message = FrameOf<'message'>
const nameOf = ({ conversation, seq }: { conversation: string; seq: number }) => `${conversation} ${seq}`

/** Keeps a time's pace, however late the timer is, until it is told to stop; resolves when all is answered. */
function atPace(say: (n: number) => Promise<Sent>) {
  const began = performance.now()
  const asked: Promise<Sent>[] = []
  const timer = setInterval(() => {
    while (asked.length < ((performance.now() - began) * perSecond) / 1000) asked.push(say(asked.length))
  }, 5)
  return () => {
    clearInterval(timer)
    return Promise.all(asked)
  }
}

/** Counts frames as they come over the wire, before the SDK looks at them. */
const countingSocket = (heard: (frame: ServerFrame) => void) =>
  class extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      this.on('message', data => heard(JSON.parse((data as Buffer).toString()) as ServerFrame))
    }
  }

/** Counts them in answers that came whole. */
const countingFetch =
  (heard: (frame: ServerFrame) => void): typeof fetch =>
  async (...asked) => {
    const response = await fetch(...asked)
    const text = await response.text()
    if (response.ok && text.startsWith('{"frames"'))
      for (const frame of (JSON.parse(text) as { frames: ServerFrame[] }).frames) heard(frame)
    return new Response([204, 304].includes(response.status) ? null : text, response)
  }

async function underCuts(
  way: Cutter,
  cuts: number,
  user: string,
  options: (heard: (frame: ServerFrame) => void) => Partial<ConnectOptions>,
) {
  const senders = await Promise.all([0, 1, 2, 3].map(n => person(server, `${user}-hears-${n}`)))
  const { id: group } = await senders[0]!.client.startGroup({
    name: 'all of them',
    members: [user, ...senders.slice(1).map((_, n) => `${user}-hears-${n + 1}`)],
    delivered: true,
  })
  const wire = new Map<string, number>()
  const heard = (frame: ServerFrame) => {
    if (frame.type === 'message') wire.set(nameOf(frame), (wire.get(nameOf(frame)) ?? 0) + 1)
  }
  const client: Client = connect({ url: way.url, token: await token(server.url, user), ...options(heard) })
  const told: Message[] = []
  const faults: unknown[] = []
  const replies: Promise<Sent>[] = []
  let wake = () => {}
  client.on('error', fault => faults.push(fault))
  client.on('message', message => {
    told.push(message)
    if (told.length % 25 === 0) client.markRead(message.conversation, message.seq)
    if (told.length % 50 === 0)
      replies.push(client.send({ conversation: message.conversation }, { text: `after ${told.length}` }))
    wake()
  })
  await vi.waitFor(() => expect(client.cursor).toBeDefined(), { timeout: 30_000, interval: 5 })
  client.on('reset', fault => faults.push(fault)) // a first connection that is cut before it has a cursor is followed by one

  const stop = atPace(n => {
    const from = senders[n % 4]!.client
    return from.send(n % 8 < 4 ? { user } : { conversation: group }, { text: `message ${n} ${'x'.repeat(n % 200)}` })
  })
  await new Promise<void>(resolve => {
    const look = setInterval(() => {
      if (way.cuts < cuts) return
      clearInterval(look)
      resolve()
    }, 5)
  })
  way.mend()
  const sent = await stop()
  await new Promise<void>(resolve => {
    wake = () => told.length >= sent.length && resolve()
    wake()
  })
  const said = await Promise.all(replies)
  await client.close()
  await Promise.all(senders.map(sender => sender.client.close()))
  return { sent, told, said, faults, wire }
}

type Outcome = Awaited<ReturnType<typeof underCuts>>

async function nothingLostNothingTwice(user: string, { sent, told, said, faults, wire }: Outcome): Promise<void> {
  expect(faults).toEqual([])
  expect(told.map(nameOf).sort()).toEqual(sent.map(nameOf).sort())
  const latest = new Map<string, number>()
  for (const { conversation, seq } of told) {
    expect(seq, `${conversation} goes on`).toBeGreaterThan(latest.get(conversation) ?? -1)
    latest.set(conversation, seq)
  }
  // what they said themselves is in the history once, and so is what they were told
  const { messages } = api({ url: server.url, token: await token(server.url, user) })
  const stored: string[] = []
  for (const conversation of latest.keys())
    for (let after = 0; ;) {
      const page = await messages(conversation, {
        after,
        atLeast: [...sent, ...said].sort(byPosition).at(-1)!.position,
      })
      stored.push(...page.map(({ seq }) => nameOf({ conversation, seq })))
      if (page.length === 0) break
      after = page.at(-1)!.seq
    }
  expect(stored.sort()).toEqual([...sent, ...said].map(nameOf).sort())
  expect(told.filter(one => !wire.has(nameOf(one)))).toEqual([])
  const again = [...wire.values()].reduce((all, times) => all + times - 1, 0)
  process.stdout.write(`${sent.length} messages, ${again} came whole more than once\n`)
  expect(again).toBeLessThan(sent.length / 100)
}

const byPosition = (one: Sent, other: Sent) => Number(one.position) - Number(other.position)

describe('a connection that breaks again and again', () => {
  const cuts = soak || 1_000
  it(
    '[Z1] a socket cut 1,000 times anywhere in its bytes, under 200 messages/s: all is told once, in order, and hardly pushed twice',
    async () => {
      const way = await startCutter(server.url, random)
      const outcome = await underCuts(way, cuts, 'olga', heard => ({
        transport: 'socket',
        WebSocket: countingSocket(heard),
      }))
      await way.close()
      await nothingLostNothingTwice('olga', outcome)
    },
    inTime(cuts),
  )

  const fewer = soak || 300
  it(
    '[Z1] long polling whose connections are cut 300 times: all is told once, in order, and hardly told twice',
    async () => {
      const way = await startCutter(server.url, random)
      const outcome = await underCuts(way, fewer, 'petra', heard => ({
        transport: 'poll',
        fetch: countingFetch(heard),
      }))
      await way.close()
      await nothingLostNothingTwice('petra', outcome)
    },
    inTime(fewer),
  )
})
