// A channel's life again, faster: who joined joins, who left leaves, who spoke speaks, each with a session of their own as long as
// they are in. Two are there all the time, and must have every message.
import { randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import type { Measure } from '../measure.ts'
import { actsOf } from './logs.ts'
import type { Act } from './logs.ts'
import { createFaults } from './faults.ts'
import { startMeter } from './meter.ts'
import { drained } from './waiting.ts'
import type { Setting } from './jobs.ts'
import { onTime } from './pace.ts'
import { apiOf, openSession } from './session.ts'
import type { Session } from './session.ts'
import { createTimes } from './times.ts'

export interface Mixed {
  folder: string
  speed: number
  seconds: number
}

export const mixed = async (setting: Setting, { folder, speed, seconds }: Mixed): Promise<Measure[]> => {
  const run = randomUUID().slice(0, 8)
  const acts = await actsOf(folder, speed, seconds * 1000)
  if (acts.length === 0)
    throw new Error(
      `nothing happens within ${seconds} s at this speed in the logs of ${folder} (2004-12-25.txt and the like)`,
    )
  const faults = createFaults()
  const times = { sent: createTimes(), copy: createTimes(), joined: createTimes(), left: createTimes() }
  /** Messages that are not answered, or that an onlooker has not: so many are missing. */
  const underWay = new Map<string, { due: number; missing: number }>()
  let copies = 0
  let most = 0

  const one = (id: string): { due: number } | undefined => {
    const message = underWay.get(id)
    if (message && --message.missing === 0) underWay.delete(id)
    return message
  }
  const ears = {
    faults,
    onSent: ({ id }: { id: string }) => times.sent.took(performance.now() - (one(id)?.due ?? NaN)),
  }
  const onlookers = [`bench-${run}-1`, `bench-${run}-2`]
  const onlooking = await Promise.all(
    onlookers.map(user =>
      openSession(setting, user, {
        faults,
        onMessage: ({ id }) => {
          copies++
          times.copy.took(performance.now() - (one(id)?.due ?? NaN))
        },
      }),
    ),
  )
  const owner = apiOf(setting, `bench-${run}`)
  const group = await owner.startGroup({ name: `bench ${run}`, members: onlookers })
  await owner.conversation(group.id, { atLeast: group.position })

  /** Those who are in; what each does, they do one after the other. */
  const people = new Map<string, Session>()
  const doing = new Map<string, Promise<void>>()
  const enter = async (user: string): Promise<Session> => {
    const there = people.get(user)
    if (there) return there
    await owner.addMember(group.id, user)
    const session = await openSession(setting, user, { ...ears, onMessage: () => copies++ })
    people.set(user, session)
    most = Math.max(most, people.size)
    return session
  }
  const act = async (user: string, { entry }: Act, due: number): Promise<void> => {
    if (entry.what === 'said') {
      const session = await enter(user)
      const id = v7()
      underWay.set(id, { due, missing: 1 + onlookers.length })
      session.send(id, { conversation: group.id }, entry.body)
    } else if (entry.what === 'joined') {
      await enter(user)
      times.joined.took(performance.now() - due)
    } else {
      const session = people.get(user)
      if (!session) return // came before the log began
      people.delete(user)
      await session.close()
      await apiOf(setting, user).removeMember(group.id, user)
      times.left.took(performance.now() - due)
    }
  }
  const meter = await startMeter(setting.target)
  await onTime(
    number => acts[number]?.due,
    () => true,
    (number, due) => {
      const each = acts[number]!
      const user = `bench-${run}-${each.entry.user}`.slice(0, 64)
      doing.set(user, (doing.get(user) ?? Promise.resolve()).then(() => act(user, each, due)).catch(faults.add))
    },
  )
  await Promise.all(doing.values())
  const lost = await drained(() => underWay.size)
  const { seconds: took, ...used } = await meter.stop(() => acts.length)
  await Promise.all([...people.values(), ...onlooking].map(session => session.close()))
  const failed = { lost, ...faults.told() }
  return [
    { what: 'messages, joins and parts', unit: 'acts/s', value: acts.length / took, ...used, ...failed },
    { what: 'sent: durable', unit: '', latency: times.sent.latency(), ...failed },
    {
      what: 'message at an onlooker',
      unit: 'copies/s',
      value: copies / took,
      latency: times.copy.latency(),
      ...failed,
    },
    { what: 'joined: member, and logged in', unit: '', latency: times.joined.latency(), ...failed },
    { what: 'left: logged out, and no member', unit: '', latency: times.left.latency(), ...failed },
    { what: 'there at once, at most', unit: 'people', value: most, ...failed },
  ]
}
