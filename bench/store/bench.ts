// What a scenario works with: servers and clients that are gone when it is, sizes, rounds, and where its figures go.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startClient } from './client.ts'
import type { LoadClient } from './client.ts'
import type { Figures, Row } from './figures.ts'
import { serverOfOthers, startNode } from './node.ts'
import type { Node, Server } from './node.ts'
import type { Choice, Options } from './options.ts'

export interface Sizes {
  /** ms before and while it is counted. */
  warmUp: number
  window: number
  /** Events in the log that is read. */
  log: number
  /** Events in the log that a node is started on. */
  largeLog: number
  subscribers: number
}

const SIZES: Sizes = { warmUp: 500, window: 2000, log: 99_000, largeLog: 1_000_000, subscribers: 1000 }
const QUICK: Sizes = { warmUp: 200, window: 400, log: 9900, largeLog: 20_000, subscribers: 100 }

export interface Bench {
  sizes: Sizes
  /** What the names of this scenario's streams begin with: no other run's do. */
  prefix: string
  /** Counts the rounds, and says which it is. */
  rounds(): Iterable<number>
  /** A node of its own on a new folder, or the server that was given. */
  server(): Promise<Server>
  /** A node of its own, on this folder. */
  node(dir: string): Promise<Node>
  folder(): Promise<string>
  client(server: Server): LoadClient
  /** One measurement of one round; rows come in the order of their first. */
  record(what: string, unit: string, figures: Figures): void
}

export interface Scenario extends Choice {
  title: (sizes: Sizes) => string
  run(bench: Bench): Promise<void>
}

export interface Surroundings {
  options: Options
  /** Where nodes have their folders; none where the server is that of others. */
  root: string | undefined
  /** Rejects when the benchmark is to end early. */
  interrupted: Promise<never>
  /** Told what is being done. */
  said(what: string): void
}

/** Runs one scenario; whatever comes of it, its processes and folders are gone. */
export const runScenario = async (
  scenario: Scenario,
  { options: { url, quick, rounds }, root, interrupted, said }: Surroundings,
): Promise<{ rows: Row[]; sizes: Sizes }> => {
  const rows = new Map<string, Row>()
  /** The latest first: a folder goes after the node on it. */
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.unshift(one)
    return one
  }
  const bench: Bench = {
    sizes: quick ? QUICK : SIZES,
    prefix: `${scenario.name}-${randomUUID().slice(0, 8)}-`,
    rounds: function* () {
      for (let round = 1; round <= rounds; round++) {
        said(`${scenario.name}, round ${round} of ${rounds}`)
        yield round
      }
    },
    server: async () => (url === undefined ? bench.node(await bench.folder()) : serverOfOthers(url)),
    node: async dir => keep(await startNode(dir)),
    folder: async () => {
      const dir = await mkdtemp(join(root!, `${scenario.name}-`))
      keep({ close: () => rm(dir, { recursive: true, force: true }) })
      return dir
    },
    client: server => keep(startClient(server)),
    record: (what, unit, figures) => {
      const row = rows.get(what) ?? { what, unit, rounds: [] }
      row.rounds.push(figures)
      rows.set(what, row)
    },
  }
  said(`${scenario.name}, preparing`)
  try {
    await Promise.race([scenario.run(bench), interrupted])
  } finally {
    for (const one of opened) await one.close()
  }
  return { rows: [...rows.values()], sizes: bench.sizes }
}
