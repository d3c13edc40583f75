// Reading all there is: a subscription from the start until it has caught up, a read of $all, a filtered subscription.
import type { Scenario } from '../bench.ts'

const STREAMS = 900

export const catchUp: Scenario = {
  name: 'catch-up',
  title: ({ log }) => `Catching up with ${log.toLocaleString('en-US')} events`,
  run: async bench => {
    const { prefix, sizes } = bench
    const client = bench.client(await bench.server())
    // every ninth stream has the filter's prefix: 11 %
    const streams = Array.from({ length: STREAMS }, (_, i) => `${i % 9 === 0 ? 'few' : 'many'}-${i}`)
    const filling = { prefix, streams, perStream: sizes.log / STREAMS, each: 10 }
    const { before: from } = await client.run('fill', filling)
    const few = { prefix: `${prefix}few-`, matching: sizes.log / 9 }
    for (const _ of bench.rounds()) {
      const all = { from, events: sizes.log }
      bench.record('subscription to $all', 'events', await client.run('catchUp', all))
      bench.record('read of $all', 'events', await client.run('readAll', all))
      bench.record('filtered subscription, 11 % match', 'scanned', await client.run('catchUp', { ...all, filter: few }))
    }
  },
}
