// Many who log in, and then do nothing: how quick that is, and what a session takes that only stays.
import { randomUUID } from 'node:crypto'
import { PARTS } from '../measure.ts'
import type { Measure } from '../measure.ts'
import { createFaults } from './faults.ts'
import { memoryNow, startMeter } from './meter.ts'
import { inParallel, pause } from './waiting.ts'
import type { Setting } from './jobs.ts'
import { openSession, tokenOf } from './session.ts'
import { createTimes } from './times.ts'

export interface Logins {
  sessions: number
  /** Seconds until memory is looked at. */
  settle: number
}

/** Logins under way at once. */
const AT_ONCE = 16

export const logins = async (setting: Setting, { sessions, settle }: Logins): Promise<Measure[]> => {
  const { target } = setting
  const run = randomUUID().slice(0, 8)
  const faults = createFaults()
  const times = createTimes()
  const user = (index: number) => `bench-${run}-${index}`
  await inParallel(sessions, AT_ONCE, index => tokenOf(setting, user(index)))
  await pause(1)
  const before = memoryNow(target.pids)
  const meter = await startMeter(target)
  const open = await inParallel(sessions, AT_ONCE, async index => {
    const began = performance.now()
    const session = await openSession(setting, user(index), { faults })
    times.took(performance.now() - began)
    return session
  })
  const { seconds, ...used } = await meter.stop(() => sessions)
  await pause(settle)
  const after = memoryNow(target.pids)
  const failed = faults.told()
  await Promise.all(open.map(session => session.close()))
  const perSession = PARTS.flatMap(part =>
    before[part] === undefined || after[part] === undefined || part === 'generator'
      ? []
      : [{ part, kilobytes: ((after[part] - before[part]) * 1024) / sessions }],
  )
  return [
    {
      what: 'logins, 16 at once',
      unit: 'logins/s',
      value: sessions / seconds,
      latency: times.latency(),
      ...used,
      ...failed,
    },
    ...perSession.map(({ part, kilobytes }) => ({
      ...{ what: `an idle session in ${part}`, unit: 'KiB', value: kilobytes, ...failed },
    })),
  ]
}
