// How long an event takes from its writer to a subscriber, both in one client process.
import type { Scenario } from '../bench.ts'

export const live: Scenario = {
  name: 'live',
  title: () => 'From append to subscriber, at an even pace, in one client process',
  run: async bench => {
    const client = bench.client(await bench.server())
    const { warmUp, window } = bench.sizes
    for (const _ of bench.rounds())
      for (const perSecond of [200, 2000]) {
        const load = { prefix: bench.prefix, streams: 1000, perSecond, warmUp: 2 * warmUp, window: 1.5 * window }
        bench.record(`${perSecond} events a second`, 'events', await client.run('live', load))
      }
  },
}
