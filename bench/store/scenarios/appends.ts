// Durable appends over 5,000 streams, of one event and of a hundred.
import type { Scenario } from '../bench.ts'

const STREAMS = 5000

export const appends: Scenario = {
  name: 'appends',
  title: () => `Appends of one event, to ${STREAMS.toLocaleString('en-US')} streams`,
  run: async bench => {
    const client = bench.client(await bench.server())
    for (const _ of bench.rounds())
      for (const inFlight of [1, 16, 256, 1024]) {
        const { warmUp, window } = bench.sizes
        const load = { prefix: bench.prefix, streams: STREAMS, each: 1, inFlight, warmUp, window }
        bench.record(`${inFlight} at once`, 'events', await client.run('append', load))
      }
  },
}

export const batches: Scenario = {
  name: 'batches',
  title: () => 'Appends of 100 events',
  run: async bench => {
    const client = bench.client(await bench.server())
    for (const _ of bench.rounds())
      for (const inFlight of [1, 4, 16]) {
        const { warmUp, window } = bench.sizes
        const load = { prefix: bench.prefix, streams: STREAMS, each: 100, inFlight, warmUp, window }
        bench.record(`${inFlight} at once`, 'events', await client.run('append', load))
      }
  },
}
