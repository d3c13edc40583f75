// Somebody has been away for long: what their first inbox and their first look at each conversation take.
import type { Measure } from '../measure.ts'
import { startMeter } from './meter.ts'
import type { Setting } from './jobs.ts'
import { apiOf } from './session.ts'
import { fill } from './stored.ts'
import { createTimes } from './times.ts'

export interface LongAway {
  conversations: number
  messages: number
  page: number
}

export const longAway = async (setting: Setting, { conversations, messages, page }: LongAway): Promise<Measure[]> => {
  const filled = await fill(setting, { messages, conversations, authors: 20, name: 'long-away' })
  const reader = apiOf(setting, filled.author)
  const timed = async (what: string, times: number, ask: (index: number) => Promise<unknown>): Promise<Measure> => {
    const took = createTimes()
    const meter = await startMeter(setting.target)
    for (let index = 0; index < times; index++) {
      const began = performance.now()
      await ask(index)
      took.took(performance.now() - began)
    }
    const { seconds: _, ...used } = await meter.stop(() => times)
    return { what, unit: '', latency: took.latency(), ...used }
  }
  return [
    await timed('the first inbox', 1, () => reader.inbox()),
    await timed('again', 20, () => reader.inbox()),
    await timed('its first 50', 20, () => reader.inbox({ limit: 50 })),
    await timed('the newest page of each conversation', conversations, index =>
      reader.messages(filled.conversations[index]!, { limit: page }),
    ),
  ]
}
