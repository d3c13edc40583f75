// `npm run bench:store`: measures the embedded store, or another server that speaks its protocol, as clients see it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario } from './bench.ts'
import type { Scenario } from './bench.ts'
import { summary } from './figures.ts'
import type { Figures, Row } from './figures.ts'
import { thisMachine } from './machine.ts'
import { parseOptions, shownUrl, usageOf } from './options.ts'
import type { Options, Parsed } from './options.ts'
import { appends, batches } from './scenarios/appends.ts'
import { catchUp } from './scenarios/catch-up.ts'
import { live } from './scenarios/live.ts'
import { reads } from './scenarios/reads.ts'
import { restart } from './scenarios/restart.ts'
import { subscribers } from './scenarios/subscribers.ts'
import { head, line, title } from './table.ts'

const SCENARIOS: readonly Scenario[] = [appends, batches, catchUp, reads, live, subscribers, restart]

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** What is being done just now, on a terminal, until something is printed. */
const status = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const bench = async (options: Options): Promise<void> => {
  const { url, only, rounds, quick, json } = options
  if (json !== undefined) writeFileSync(json, '') // what cannot be written is said before, not after
  const root = url === undefined ? newFolder(options.dir) : undefined
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(signal)))
  })
  interrupted.catch(() => undefined) // also where nothing is under way just then
  try {
    const machine = thisMachine(root)
    const began = performance.now()
    print(head(machine, options))
    const measured: { scenario: string; rows: (Row & { summary: Figures })[] }[] = []
    for (const scenario of SCENARIOS.filter(({ name }) => only.includes(name))) {
      const { rows, sizes } = await runScenario(scenario, { options, root, interrupted, said: status })
      status('')
      print(title(scenario.title(sizes)))
      for (const row of rows) print(line(row))
      measured.push({ scenario: scenario.name, rows: rows.map(row => ({ ...row, summary: summary(row.rounds) })) })
    }
    const seconds = Math.round((performance.now() - began) / 1000)
    print(`\n${seconds} s`)
    const report = {
      at: new Date().toISOString(),
      seconds,
      machine,
      url: url && shownUrl(url),
      rounds,
      quick,
      measured,
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
  } finally {
    if (root !== undefined) rmSync(root, { recursive: true, force: true })
  }
}

const newFolder = (dir: string): string => {
  mkdirSync(dir, { recursive: true })
  return realpathSync(mkdtempSync(join(dir, 'bench-store-')))
}

/** Ends with what went wrong on standard error. */
const fail = (error: unknown, more = ''): never => {
  status('')
  process.stderr.write(`bench:store: ${error instanceof Error ? error.message : String(error)}\n${more}`)
  process.exit(1)
}

const usage = usageOf(SCENARIOS)

const parsed = (): Parsed => {
  try {
    return parseOptions(process.argv.slice(2), SCENARIOS)
  } catch (error) {
    return fail(error, `\n${usage}\n`)
  }
}

const options = parsed()
if (options === 'help') print(usage)
else await bench(options).catch(fail)
