// Pairs under load: a closed loop, where each pair has so many messages under way, or a fixed rate, whoever is how far.
import type { Measure } from '../measure.ts'
import { startMeter } from './meter.ts'
import { drained, pause } from './waiting.ts'
import { onTime } from './pace.ts'
import { openPairs } from './pairs.ts'
import type { Setting } from './jobs.ts'

export interface OneToOne {
  users: number
  warmUp: number
  seconds: number
  load: { inFlight: number } | { perSecond: number }
}

export const oneToOne = async (setting: Setting, { users, warmUp, seconds, load }: OneToOne): Promise<Measure[]> => {
  let going = true
  const pairs = await openPairs(setting, users, pair => {
    if (going && 'inFlight' in load) pairs.send(pair, performance.now())
  })
  if ('inFlight' in load) {
    for (let round = 0; round < load.inFlight; round++)
      for (let pair = 0; pair < pairs.count; pair++) pairs.send(pair, performance.now())
  } else {
    const { perSecond } = load
    void onTime(
      number => (number * 1000) / perSecond,
      () => going,
      (number, due) => pairs.send(number % pairs.count, due),
    )
  }

  await pause(warmUp)
  for (const times of Object.values(pairs.times)) times.reset()
  const meter = await startMeter(setting.target)
  const before = pairs.completed()
  await pause(seconds)
  const done = pairs.completed() - before
  const { seconds: took, ...used } = await meter.stop(() => done)
  const latency = Object.fromEntries(Object.entries(pairs.times).map(([name, times]) => [name, times.latency()]))
  going = false
  const lost = await drained(pairs.underWay)
  await pairs.close()
  const failed = { lost, ...pairs.faults.told() }
  return [
    {
      what: 'complete: read, and told so',
      unit: 'msgs/s',
      value: done / took,
      latency: latency.read,
      ...used,
      ...failed,
    },
    { what: 'sent: durable', unit: '', latency: latency.sent, ...failed },
    { what: 'message at the recipient', unit: '', latency: latency.message, ...failed },
    { what: 'delivered mark at the sender', unit: '', latency: latency.delivered, ...failed },
  ]
}
