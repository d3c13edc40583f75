// Somebody is away: messages are written to them (filling), then they come and read all of it, page by page (catching up).
import { randomUUID } from 'node:crypto'
import { v7 } from 'uuid'
import type { Measure } from '../measure.ts'
import { createFaults } from './faults.ts'
import { startMeter } from './meter.ts'
import { drained, inParallel } from './waiting.ts'
import type { Setting } from './jobs.ts'
import { apiOf, clientOf, openSession } from './session.ts'
import { TEXT } from './text.ts'
import { createTimes } from './times.ts'

export interface Away {
  messages: number
  page: number
}

const SENDERS = 10
const IN_FLIGHT = 8

export const away = async (setting: Setting, { messages, page }: Away): Promise<Measure[]> => {
  const run = randomUUID().slice(0, 8)
  const target = `bench-${run}-away`
  const faults = createFaults()
  const written = createTimes()
  const underWay = new Map<string, number>()
  let begun = 0
  let sent = 0
  let last = 0n
  let all: () => void = () => undefined
  const finished = new Promise<void>(resolve => (all = resolve))
  const sessions = await inParallel(SENDERS, 5, index =>
    openSession(setting, `bench-${run}-${index}`, {
      faults,
      onSent: ({ id, position }) => {
        written.took(performance.now() - underWay.get(id)!)
        underWay.delete(id)
        if (BigInt(position) > last) last = BigInt(position)
        if (++sent === messages) all()
        else next(index)
      },
    }),
  )
  const next = (index: number): void => {
    if (begun === messages) return
    begun++
    const id = v7()
    underWay.set(id, performance.now())
    sessions[index]!.send(id, { user: target }, { text: TEXT })
  }
  // they were there once: the cursor that they come back with
  const gone = await clientOf(setting, target)
  await gone.ready()
  const { cursor } = await gone.inbox()
  await gone.close()
  const filling = await startMeter(setting.target)
  for (let round = 0; round < IN_FLIGHT; round++) for (let index = 0; index < SENDERS; index++) next(index)
  // a refusal ends the loop that it is in: what stands still is lost, and told
  const stalled = (async () => {
    for (let before = -1; before !== sent;) {
      before = sent
      if ((await drained(() => (sent === before ? underWay.size : 0))) > 0) return
    }
  })()
  await Promise.race([finished, stalled])
  const { seconds: fillTook, ...fillUsed } = await filling.stop(() => sent)
  const unsent = messages - sent
  await Promise.all(sessions.map(session => session.close()))

  const reader = apiOf(setting, target)
  // the read models are where it is written: waiting for them is not reading
  await reader.inbox({ atLeast: String(last) })
  const pages = createTimes()
  const catching = await startMeter(setting.target)
  const session = await openSession(setting, target, { faults })
  let read = 0
  const { conversations } = await reader.inbox()
  for (const { conversation, last: newest } of conversations)
    for (let after = 0; after < newest!.seq;) {
      const began = performance.now()
      const found = await reader.messages(conversation, { after, limit: page })
      pages.took(performance.now() - began)
      read += found.length
      after = found.at(-1)!.seq
    }
  const { seconds: readTook, ...readUsed } = await catching.stop(() => read)
  await session.close()
  const resuming = await startMeter(setting.target)
  const resumed = await resumedFrom(setting, target, cursor)
  const { seconds: resumeTook, ...resumeUsed } = await resuming.stop(() => resumed)
  const errors = faults.told()
  return [
    {
      ...{ what: 'filling: written to who is away', unit: 'msgs/s', value: sent / fillTook },
      ...{ latency: written.latency(), ...fillUsed, lost: unsent, ...errors },
    },
    {
      ...{ what: `catching up, pages of ${page}`, unit: 'msgs/s', value: read / readTook },
      ...{ latency: pages.latency(), ...readUsed, lost: messages - read, ...errors },
    },
    {
      ...{ what: 'catching up by resume', unit: 'msgs/s', value: resumed / resumeTook },
      ...{ ...resumeUsed, lost: messages - resumed, ...errors },
    },
  ]
}

/** Comes back with a cursor: how many messages came until all that was missed had. */
const resumedFrom = async (setting: Setting, user: string, cursor: string): Promise<number> => {
  const client = await clientOf(setting, user, cursor)
  let came = 0
  client.on('message', () => void came++)
  await client.ready()
  await client.close()
  return came
}
