// Reads of single streams, as an aggregate is loaded and a conversation's end is shown.
import type { Scenario } from '../bench.ts'

export const reads: Scenario = {
  name: 'reads',
  title: () => 'Reads of a stream',
  run: async bench => {
    const { prefix, sizes } = bench
    const client = bench.client(await bench.server())
    const streams = Array.from({ length: sizes.log / 200 }, (_, i) => `s-${i}`)
    await client.run('fill', { prefix, streams, perStream: 200, each: 10 })
    const { warmUp, window } = sizes
    const load = { prefix, streams, warmUp, window }
    for (const _ of bench.rounds()) {
      const tails = await client.run('readStreams', { ...load, inFlight: 64, what: { last: 20 } })
      bench.record('last 20 events, 64 at once', 'reads', tails)
      const whole = await client.run('readStreams', { ...load, inFlight: 1, what: 'whole' })
      bench.record('all 200 events, one after the other', 'reads', whole)
    }
  },
}
