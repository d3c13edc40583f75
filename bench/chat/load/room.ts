// One group: some write, each with so many messages under way, and every member has every message. A message is complete when
// all have their copy; the writer's is the answer that it is sent.
import { randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import type { Measure } from '../measure.ts'
import { createFaults } from './faults.ts'
import { startMeter } from './meter.ts'
import { drained, inParallel, pause } from './waiting.ts'
import type { Setting } from './jobs.ts'
import { apiOf, openSession } from './session.ts'
import { TEXT } from './text.ts'
import { createTimes } from './times.ts'

export interface Room {
  members: number
  senders: number
  inFlight: number
  warmUp: number
  seconds: number
}

export const room = async (
  setting: Setting,
  { members, senders, inFlight, warmUp, seconds }: Room,
): Promise<Measure[]> => {
  const run = randomUUID().slice(0, 8)
  const faults = createFaults()
  const times = { sent: createTimes(), copy: createTimes(), all: createTimes() }
  const underWay = new Map<string, { began: number; left: number; sender: number }>()
  let copies = 0
  let going = true

  const arrived = (id: string): void => {
    const message = underWay.get(id)
    if (!message) return faults.add(`a copy of ${id} that nobody waits for`)
    const took = performance.now() - message.began
    copies++
    times.copy.took(took)
    if (--message.left > 0) return
    underWay.delete(id)
    times.all.took(took)
    if (going) send(message.sender)
  }
  const user = (index: number) => `bench-${run}-${index}`
  const sessions = await inParallel(members, 8, index =>
    openSession(setting, user(index), {
      faults,
      onSent: ({ id }) => {
        times.sent.took(performance.now() - (underWay.get(id)?.began ?? 0))
        arrived(id)
      },
      onMessage: ({ id }) => arrived(id),
    }),
  )
  const owner = apiOf(setting, user(0))
  const all = Array.from({ length: members - 1 }, (_, index) => user(index + 1))
  const { id: conversation, position } = await owner.startGroup({ name: `bench ${run}`, members: all })
  await owner.conversation(conversation, { atLeast: position })

  const send = (sender: number): void => {
    const id = v7()
    underWay.set(id, { began: performance.now(), left: members, sender })
    sessions[sender]!.send(id, { conversation }, { text: TEXT })
  }
  for (let round = 0; round < inFlight; round++) for (let sender = 0; sender < senders; sender++) send(sender)
  await pause(warmUp)
  for (const each of Object.values(times)) each.reset()
  const meter = await startMeter(setting.target)
  const before = copies
  await pause(seconds)
  const done = copies - before
  const { seconds: took, ...used } = await meter.stop(() => done)
  const latency = { copy: times.copy.latency(), all: times.all.latency(), sent: times.sent.latency() }
  going = false
  const lost = await drained(() => underWay.size)
  await Promise.all(sessions.map(session => session.close()))
  const failed = { lost, ...faults.told() }
  const what = `room of ${members}`
  return [
    { what: `${what}: copies`, unit: 'copies/s', value: done / took, latency: latency.copy, ...used, ...failed },
    {
      what: `${what}: all have it`,
      unit: 'msgs/s',
      value: (latency.all?.count ?? 0) / took,
      latency: latency.all,
      ...failed,
    },
    { what: `${what}: sent`, unit: '', latency: latency.sent, ...failed },
  ]
}
