// A large log: how long a node takes to open it, what memory that needs, and whether reads get slower.
import type { Bench, Scenario } from '../bench.ts'
import { memoryOf } from '../processes.ts'
import type { Figures } from '../figures.ts'
import type { Node } from '../node.ts'

const PER_STREAM = 100

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `s-${i}`)

const opening = ({ opened, pid }: Node): Figures => ({ p50: opened, max: opened, serverMemory: memoryOf(pid) })

const readTails = async (bench: Bench, node: Node, streams: readonly string[]): Promise<Figures> => {
  const { warmUp, window } = bench.sizes
  const client = bench.client(node)
  const load = { prefix: bench.prefix, streams, inFlight: 1, what: { last: 20 }, warmUp, window }
  const figures = await client.run('readStreams', load)
  await client.close()
  return { ...figures, serverMemory: memoryOf(node.pid) }
}

const write = async (bench: Bench, node: Node, events: number): Promise<Figures> => {
  const client = bench.client(node)
  const filling = { prefix: bench.prefix, streams: names(events / PER_STREAM), perStream: PER_STREAM, each: 10 }
  const { figures } = await client.run('fill', filling)
  await client.close()
  return { ...figures, serverMemory: memoryOf(node.pid) }
}

export const restart: Scenario = {
  name: 'restart',
  title: ({ largeLog }) => `A log of ${largeLog.toLocaleString('en-US')} events`,
  ownNodeOnly: true,
  run: async bench => {
    const { largeLog } = bench.sizes
    const few = largeLog / 100
    const some = few.toLocaleString('en-US')

    const small = await bench.node(await bench.folder())
    await write(bench, small, few)
    const dir = await bench.folder()
    let node = await bench.node(dir)
    bench.record('writing it, 10 events an append', 'events', await write(bench, node, largeLog))
    await node.kill()
    node = await bench.node(dir)
    bench.record('opening after kill -9, all new', '', opening(node))

    for (const _ of bench.rounds()) {
      await write(bench, node, few)
      await node.kill()
      node = await bench.node(dir)
      bench.record(`opening after kill -9, ${some} new`, '', opening(node))
      await node.close()
      node = await bench.node(dir)
      bench.record('opening after a stop', '', opening(node))
      const tails = await readTails(bench, node, names(largeLog / PER_STREAM))
      bench.record('last 20 events of a stream', 'reads', tails)
      const smallTails = await readTails(bench, small, names(few / PER_STREAM))
      bench.record(`the same in a log of ${some}`, 'reads', smallTails)
    }
  },
}
