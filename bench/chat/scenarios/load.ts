// Scenarios that are one job of the generator, against a server that has nothing in it yet.
import type { Bench, Scenario } from '../bench.ts'
import type { Generator } from '../generator.ts'
import type { Measure } from '../measure.ts'
import type { Plan } from '../plan.ts'

const job =
  (work: (run: Generator['run'], bench: Bench) => Promise<Measure[]>, settings?: Record<string, string>) =>
  async (bench: Bench): Promise<void> => {
    const server = await bench.server(undefined, settings)
    bench.record(...(await work(bench.generator(server).run, bench)))
  }

const timesOf = ({ users, warmUp, seconds }: Plan) => ({ users, warmUp, seconds })

export const oneToOne: Scenario = {
  name: 'one-to-one',
  about: 'pairs in a closed loop: how many messages a second are written, delivered, read and known to be',
  title: ({ users, inFlight }) => `One-to-one, ${users} people in pairs, ${inFlight} under way in each`,
  run: job((run, { plan }) => run('oneToOne', { ...timesOf(plan), load: { inFlight: plan.inFlight } })),
}

export const steady: Scenario = {
  name: 'steady',
  about: 'the same at a fixed rate: how long each step takes when nothing queues',
  title: ({ users, rate }) => `One-to-one, ${users} people in pairs, ${rate} messages a second`,
  run: job((run, { plan }) => run('oneToOne', { ...timesOf(plan), load: { perSecond: plan.rate } })),
}

export const rooms: Scenario = {
  name: 'room',
  about: 'groups in which some write and all receive: copies a second',
  title: ({ senders, inFlightInRoom }) => `A room, ${senders} writers, ${inFlightInRoom} under way for each`,
  run: async bench => {
    const { rooms, senders, inFlightInRoom, warmUp, seconds } = bench.plan
    for (const members of rooms) {
      const settings = { members, senders, inFlight: inFlightInRoom, warmUp, seconds }
      await job(run => run('room', settings))(bench)
    }
  },
}

export const logins: Scenario = {
  name: 'logins',
  about: 'people who log in and stay: logins a second, and memory for each',
  title: ({ sessions, settle }) => `${count(sessions)} people log in and do nothing; memory after ${settle} s`,
  run: job((run, { plan: { sessions, settle } }) => run('logins', { sessions, settle })),
}

export const away: Scenario = {
  name: 'away',
  about: 'messages to who is away, who then comes and reads them all: filling and catching up',
  title: ({ waiting }) => `${count(waiting)} messages to somebody who is away and then reads them`,
  run: job((run, { plan: { waiting, page } }) => run('away', { messages: waiting, page })),
}

export const longAway: Scenario = {
  name: 'long-away',
  about: 'much in many conversations, and somebody who has been away all the time: the first inbox',
  title: ({ missed: { conversations, messages } }) =>
    `${count(messages)} messages in ${count(conversations)} conversations, all of them missed`,
  run: job((run, { plan: { missed, page } }) => run('longAway', { ...missed, page })),
}

export const mixed: Scenario = {
  name: 'mixed',
  about: 'what happened in a channel of IRC, again and faster (--data, --speed)',
  needsData: true,
  title: () => 'A channel of IRC again: messages, joins and parts',
  run: job((run, { plan: { seconds }, options: { data, speed } }) => run('mixed', { folder: data!, speed, seconds }), {
    MEMBER_LIMIT: '20000',
  }),
}

export const count = (value: number): string => value.toLocaleString('en-US')
