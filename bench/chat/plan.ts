// How much of everything: the usual, the quick smoke, the full. The usual is what chat servers are compared with.
import type { Options } from './options.ts'

export interface Plan {
  /** Seconds before and while it is counted. */
  warmUp: number
  seconds: number
  /** People of one-to-one scenarios, in pairs; under way at once in each pair; messages a second at a fixed rate. */
  users: number
  inFlight: number
  rate: number
  /** Rooms: how many members; of whom so many send; under way at once for each. */
  rooms: number[]
  senders: number
  inFlightInRoom: number
  /** Sessions that log in and stay; seconds until their memory is looked at. */
  sessions: number
  settle: number
  /** Messages that wait for who is away; messages on a page of history. */
  waiting: number
  page: number
  /** What was missed by who has been away for long. */
  missed: { conversations: number; messages: number }
  /** Messages in the log that a server is started on, and that read models are made from. */
  stored: number
  /** Of growth: messages in a conversation, conversations of a person, and how often each thing is asked. */
  messages: number[]
  conversations: number[]
  asked: number
}

const USUAL: Plan = {
  ...{ warmUp: 3, seconds: 12, users: 200, inFlight: 4, rate: 200 },
  ...{ rooms: [100, 256], senders: 10, inFlightInRoom: 2 },
  ...{ sessions: 5000, settle: 18, waiting: 10_000, page: 250, stored: 100_000 },
  missed: { conversations: 200, messages: 100_000 },
  ...{ messages: [10_000, 31_600, 100_000], conversations: [10, 100, 1000, 10_000], asked: 200 },
}

const QUICK: Plan = {
  ...{ warmUp: 1, seconds: 2, users: 40, inFlight: 4, rate: 100 },
  ...{ rooms: [20, 50], senders: 5, inFlightInRoom: 2 },
  ...{ sessions: 300, settle: 1, waiting: 1000, page: 250, stored: 3000 },
  missed: { conversations: 20, messages: 2000 },
  ...{ messages: [500, 2000], conversations: [10, 100], asked: 30 },
}

export const planOf = ({ quick, full, seconds }: Pick<Options, 'quick' | 'full' | 'seconds'>): Plan => {
  const plan = quick ? QUICK : USUAL
  return {
    ...plan,
    seconds: seconds ?? plan.seconds,
    messages: full ? [...plan.messages, 316_000, 1_000_000] : plan.messages,
  }
}
