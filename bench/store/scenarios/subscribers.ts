// A thousand subscriptions at once: how long until one event is at all of them, and what they cost the server.
import type { Scenario } from '../bench.ts'

export const subscribers: Scenario = {
  name: 'subscribers',
  title: ({ subscribers: count }) => `${count.toLocaleString('en-US')} filtered subscriptions of one client process`,
  run: async bench => {
    const { prefix, sizes } = bench
    const client = bench.client(await bench.server())
    for (const _ of bench.rounds()) {
      const fanOut = { prefix, subscribers: sizes.subscribers, events: 30 }
      const { opening, delivery } = await client.run('fanOut', fanOut)
      bench.record('to begin', 'subscriptions', opening)
      bench.record('one event until all have it', 'events', delivery)
    }
  },
}
