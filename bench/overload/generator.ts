// The people: a process of its own that talks to the server through the SDK, two by two, and reads what it gets.
import { setTimeout as sleep } from 'node:timers/promises'
import { api, connect, type Client } from '../../src/client/index.ts'
import type { Figures, Order } from './messages.ts'
import { timed, type Noted } from './timed.ts'

/** Who has so many messages waiting says no more for now. */
const patience = 20

interface Person {
  readonly client: Client
  readonly to: string
  waiting: number
}

const noted: Noted = { took: [], busy: 0 }
let people: Person[] = []
let received = 0
let began = performance.now()
let levels: [number, number][] = []
const since = () => Math.round((performance.now() - began) / 100) / 10

async function come(url: string, count: number): Promise<void> {
  const WebSocket = timed(noted) as never
  const names = Array.from({ length: count }, (_, n) => `person-${n}`)
  people = await Promise.all(
    names.map(async (name, n) => {
      const token = await api({ url, token: '' }).devToken({ user: name, roles: ['user'] })
      const client = connect({ url, token, WebSocket, transport: 'socket' })
      client.on('message', ({ conversation, seq }) => {
        received++
        client.markRead(conversation, seq)
      })
      const to = names[n ^ 1]!
      client.watch([to])
      if (n === 0) client.on('load', ({ level }) => levels.push([since(), level]))
      await client.ready()
      return { client, to, waiting: 0 }
    }),
  )
}

function say(person: Person): Promise<unknown> {
  person.waiting++
  return person.client.send({ user: person.to }, { text: 'as long as what people say to each other' }).finally(() => {
    person.waiting--
  })
}

async function measured(run: () => Promise<{ said: number; unsaid: number }>): Promise<Figures> {
  noted.took.length = noted.busy = received = 0
  levels = []
  began = performance.now()
  let early = 0
  setTimeout(() => (early = noted.took.length), 5_000).unref()
  const { said, unsaid } = await run()
  const seconds = (performance.now() - began) / 1000
  const sorted = (times: readonly number[]) => times.toSorted((one, other) => one - other)
  const [took, later] = [sorted(noted.took), sorted(noted.took.slice(early))]
  const at = (share: number, times = took) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0)
  const during = { seconds, said, unsaid, sent: took.length, busy: noted.busy, received }
  const ended = performance.now()
  while (people.some(({ waiting }) => waiting > 0)) await sleep(50)
  const drained = (performance.now() - ended) / 1000
  return { ...during, p50: at(0.5), p99: at(0.99), p99Later: at(0.99, later), most: at(1), drained, levels }
}

async function fill(underWay: number, seconds: number) {
  let over = false
  let said = 0
  const talk = async (person: Person) => {
    while (!over) {
      said++
      await say(person)
    }
  }
  for (const person of people) for (let n = 0; n < underWay; n++) void talk(person)
  await sleep(seconds * 1000)
  over = true
  return { said, unsaid: 0 }
}

async function press(rate: number, seconds: number) {
  let [said, unsaid] = [0, 0]
  const start = performance.now()
  for (let now = 0; now < seconds; now = (performance.now() - start) / 1000) {
    for (const due = now * rate; said + unsaid < due;) {
      const person = people[(said + unsaid) % people.length]!
      if (person.waiting >= patience) unsaid++
      else {
        said++
        void say(person)
      }
    }
    await sleep(5)
  }
  return { said, unsaid }
}

/** Until everybody is back; how long that took. */
async function back(): Promise<number> {
  const start = performance.now()
  while (people.every(({ client }) => client.state === 'live')) await sleep(10)
  while (people.some(({ client }) => client.state !== 'live')) await sleep(50)
  return (performance.now() - start) / 1000
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'come': {
      const start = performance.now()
      await come(order.url, order.people)
      return (performance.now() - start) / 1000
    }
    case 'fill':
      return measured(() => fill(order.underWay, order.seconds))
    case 'press':
      return measured(() => press(order.rate, order.seconds))
    case 'await':
      return back()
    case 'leave':
      await Promise.all(people.map(({ client }) => client.close()))
      return process.disconnect()
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    figures => process.connected && process.send!(figures ?? null),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
