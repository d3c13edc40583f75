// Many people on two boxes, at random, and one of the boxes killed in the middle. CHAOS_SEED runs the same choices again,
// CHAOS_SECONDS goes on for so long instead of for so many messages.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Sent } from '../../src/client/index.ts'
import { connectEventStore, type EventStore } from '../../src/eventstore/index.ts'
import { startBalancer, startEngines, type Engines } from '../support/boxes.ts'
import { seeded } from '../support/random.ts'
import { person, token } from '../support/server.ts'
import { readAll } from '../support/stack.ts'

const seconds = Number(process.env['CHAOS_SECONDS'] ?? 0)
const enough = 1_200

let engines: Engines
let store: EventStore
beforeAll(async () => {
  engines = await startEngines({ BOX_LEASE: '3s' })
  store = connectEventStore(engines.storeUrl)
  await engines.box('projections')
})
afterAll(async () => {
  await store.close()
  await engines.close()
})
const nextTurn = () => new Promise(setImmediate)

describe('several boxes', () => {
  it('[N15] 300 repeats of one send over three boxes at once are one message with one answer', async () => {
    const boxes = await Promise.all([1, 2, 3].map(() => engines.box('gateway')))
    const sockets = await Promise.all(
      boxes.flatMap(box =>
        Array.from({ length: 10 }, async () => {
          const ws = new WebSocket(`${box.url.replace('http', 'ws')}/v1/socket?token=${await token(box.url, 'alice')}`)
          await new Promise(resolve => ws.once('message', resolve)) // the welcome
          return ws
        }),
      ),
    )
    const id = crypto.randomUUID()
    const frame = JSON.stringify({ type: 'send', id, to: { user: 'bob' }, body: { text: 'once' } })
    const answers: Record<string, unknown>[] = []
    const all = new Promise<void>(resolve => {
      for (const ws of sockets)
        ws.on('message', data => {
          const answer = JSON.parse((data as Buffer).toString()) as Record<string, unknown>
          if (answer['id'] === id && answer['type'] !== 'message') answers.push(answer)
          if (answers.length === 300) resolve()
        })
    })
    for (let n = 0; n < 10; n++) for (const ws of sockets) ws.send(frame)
    await all
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ type: 'sent', seq: 1 })
    const events = await readAll(store, `conversation-${String(answers[0]!['conversation'])}`)
    expect(events.map(({ type }) => type)).toEqual(['ConversationStarted', 'MessageSent'])
    for (const ws of sockets) ws.close()
    await Promise.all(boxes.map(box => box.stop()))
  })

  it(
    '[N16] a box killed under random traffic: every message reaches every member once, marks too, and sessions are right',
    async () => {
      const random = seeded('CHAOS_SEED')
      // the killed box takes its command stage with it, or leaves one behind that has calls of its under way
      const apart = random.next() < 0.5
      const commands = apart ? await engines.box('commands') : undefined
      const env = commands ? { COMMANDS_URL: commands.url.replace('http', 'ws') } : {}
      const [doomed, other] = await Promise.all([engines.box('gateway', env), engines.box('gateway', env)])
      const ways = await Promise.all([startBalancer([doomed.url, other.url]), startBalancer([other.url, doomed.url])])

      const names = Array.from({ length: 50 }, (_, n) => `user-${n}`)
      const people = new Map(
        await Promise.all(names.map(async (name, n) => [name, await person(ways[n % 2]!, name)] as const)),
      )
      const groups: { id: string; members: string[] }[] = []
      for (let n = 0; n < 10; n++) {
        const [owner, ...members] = random.some(names, 3 + random.below(15))
        const { id } = await people
          .get(owner!)!
          .client.startGroup({ name: `group ${n}`, members, delivered: n % 2 === 0 })
        groups.push({ id, members: [owner!, ...members] })
      }

      const members = new Map<string, string[]>(groups.map(group => [group.id, group.members]))
      const sent: (Sent & { from: string })[] = []
      let asked = 0
      const say = async (): Promise<void> => {
        asked++
        const from = random.pick(names)
        const mine = groups.filter(group => group.members.includes(from))
        const to = random.pick(names.filter(name => name !== from))
        const { client } = people.get(from)!
        const group = mine.length > 0 && random.next() < 0.7 ? random.pick(mine) : undefined
        const answer = await client.send(group ? { conversation: group.id } : { user: to }, { text: `${asked}` })
        if (!group) members.set(answer.conversation, [from, to])
        sent.push({ ...answer, from })
      }
      const readSomething = (): void => {
        const { client, of } = people.get(random.pick(names))!
        const heard = of('message')
        if (heard.length === 0) return
        const { conversation, seq } = random.pick(heard)
        client.markRead(conversation, seq)
      }
      const started = performance.now()
      const goesOn = () => (seconds > 0 ? performance.now() - started < seconds * 1_000 : asked < enough)
      const half = () => (seconds > 0 ? performance.now() - started > seconds * 500 : sent.length > enough / 2)
      const lane = async (): Promise<void> => {
        while (goesOn()) {
          await say()
          if (random.next() < 0.5) readSomething()
        }
      }
      const traffic = Promise.all(Array.from({ length: 24 }, lane))
      while (!half()) await nextTurn()
      await doomed.kill()
      await traffic

      // every message is in the log once, at the seq that was answered
      for (const [conversation] of members) {
        const events = await readAll(store, `conversation-${conversation}`)
        expect(events.map(({ revision }) => revision)).toEqual(events.map((_, n) => n))
        const inLog = events.filter(({ type }) => type === 'MessageSent').map(({ id, revision }) => `${revision} ${id}`)
        const answered = sent.filter(one => one.conversation === conversation).map(({ id, seq }) => `${seq} ${id}`)
        expect(inLog).toEqual(answered.sort((one, two) => parseInt(one) - parseInt(two)))
      }

      // every member has every message of the others once
      for (const [name, { of, until }] of people) {
        const due = sent.filter(({ conversation, from }) => from !== name && members.get(conversation)!.includes(name))
        await until(() => of('message').length >= due.length)
        const keys = (all: readonly { conversation: string; seq: number }[]) =>
          all.map(({ conversation, seq }) => `${conversation} ${seq}`).sort()
        expect(keys(of('message'))).toEqual(keys(due))
      }

      // everybody reads everything, and everybody else is told
      const ends = new Map<string, number>()
      for (const { conversation, seq } of sent) ends.set(conversation, Math.max(seq, ends.get(conversation) ?? 0))
      for (const [conversation, end] of ends)
        for (const name of members.get(conversation)!) people.get(name)!.client.markRead(conversation, end)
      for (const [conversation, end] of ends)
        for (const name of members.get(conversation)!)
          for (const by of members.get(conversation)!)
            if (by !== name) {
              const { of, until } = people.get(name)!
              await until(() =>
                of('receipt').some(one => one.conversation === conversation && one.by === by && one.read === end),
              )
            }
      for (const [conversation] of ends) {
        const marks = new Map<string, number>()
        for (const { type, data } of await readAll(store, `receipts-${conversation}`)) {
          const { user, upTo } = data as { user: string; upTo: number }
          expect(upTo, `${type} of ${user}`).toBeGreaterThan(marks.get(`${type} ${user}`) ?? -1)
          marks.set(`${type} ${user}`, upTo)
        }
      }
      const position = sent.map(one => one.position).sort((one, two) => Number(two) - Number(one))[0]!
      for (const { client } of people.values())
        await expect
          .poll(async () => (await client.inbox({ atLeast: position })).conversations.map(({ unread }) => unread))
          .toSatisfy((unread: number[]) => unread.every(n => n === 0))

      // every session closes once: those of the killed box as lost
      await Promise.all([...people.values()].map(({ client }) => client.close()))
      const lostBox = doomed.printed.get('box')!.split(' ')[0]
      for (const name of names) {
        const closings = async () => {
          const opened = new Map<string, { box: string; whys: string[] }>()
          for (const { type, data } of await readAll(store, `session-${name}`)) {
            const { session, box, why } = data as { session: string; box: string; why: string }
            if (type === 'SessionOpened') expect(opened.has(session)).toBe(false)
            if (type === 'SessionOpened') opened.set(session, { box, whys: [] })
            else opened.get(session)!.whys.push(why)
          }
          return [...opened.values()]
        }
        await expect
          .poll(async () => (await closings()).every(({ whys }) => whys.length > 0), { timeout: 30_000 })
          .toBe(true)
        for (const { box, whys } of await closings())
          expect(whys).toEqual([box === lostBox ? 'box-lost' : 'closed-by-client'])
      }
      await Promise.all(ways.map(way => way.close()))
      await other.stop()
    },
    240_000 + 4_000 * seconds,
  )
})
