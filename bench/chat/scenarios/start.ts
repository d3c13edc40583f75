// How soon a server serves, with nothing in its log and with much; and how quickly read models are made from the log.
import { Pool } from 'pg'
import type { Bench, Scenario } from '../bench.ts'
import type { Plan } from '../plan.ts'
import { count } from './load.ts'

export const coldStart: Scenario = {
  name: 'cold-start',
  about: 'from the start of the process to ready, and to the first message that is durable',
  ownServerOnly: true,
  title: () => 'A server starts',
  run: async bench => {
    const folder = await bench.folder()
    await start(bench, folder, 'the first time, all new')
    await start(bench, folder, 'again, nothing stored')
    await withStored(bench, folder)
    await start(bench, folder, `again, ${count(bench.plan.stored)} messages stored`)
  },
}

const start = async (bench: Bench, folder: string, what: string): Promise<void> => {
  const server = await bench.server(folder)
  const ready = server.saidAfter('ready')
  const generator = bench.generator(server)
  const sent = await generator.run('firstSent')
  bench.record({ what: `${what}: ready`, unit: 'ms', value: ready })
  bench.record({ what: `${what}: then a message`, unit: 'ms', value: sent })
  await generator.close()
  await server.close()
}

const filled = ({ stored }: Plan) => ({ messages: stored, conversations: 100, authors: 50, name: 'stored' })

/** Puts messages into a log, and stops the server. Answers where its last event is. */
const withStored = async (
  bench: Bench,
  folder: string,
  last?: (database: string) => Promise<void>,
): Promise<string> => {
  const server = await bench.server(folder)
  const generator = bench.generator(server)
  const { position } = await generator.run('fill', filled(bench.plan))
  await last?.(server.said('database'))
  await generator.close()
  await server.close()
  return position
}

/** Read models of another version are made anew by whoever starts next. */
const outdate = async (database: string): Promise<void> => {
  const pool = new Pool({ connectionString: database, max: 1 })
  const { rowCount } = await pool.query(`update read.checkpoint set versions = 'of the benchmark'`)
  await pool.end()
  if (rowCount !== 1)
    throw new Error(`read.checkpoint has ${rowCount} rows, not 1: what the read models are has changed`)
}

export const rebuild: Scenario = {
  name: 'rebuild',
  about: 'read models made anew from the log: events a second',
  ownServerOnly: true,
  title: ({ stored }) => `Read models from a log of ${count(stored)} messages`,
  run: async bench => {
    const folder = await bench.folder()
    const position = await withStored(bench, folder, outdate)
    const server = await bench.server(folder)
    const began = performance.now()
    await bench.generator(server).run('caughtUp', position)
    // they begin when the database is theirs; the server says so in this line, and is ready a little later
    const took = performance.now() - began + server.saidAfter('ready') - server.saidAfter('analysts')
    bench.record({ what: 'read models made anew', unit: 'msgs/s', value: bench.plan.stored / (took / 1000) })
    bench.record({ what: 'all of them', unit: 'ms', value: took })
  },
}
