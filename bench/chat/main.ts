// `npm run bench`: measures Verbatim as its clients see it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { thisMachine } from '../store/machine.ts'
import { runScenario } from './bench.ts'
import type { Scenario } from './bench.ts'
import { chart } from './chart.ts'
import { failureOf, summaryOf } from './measure.ts'
import type { Row } from './measure.ts'
import { parseOptions, usageOf } from './options.ts'
import type { Options, Parsed } from './options.ts'
import { growth } from './scenarios/growth.ts'
import { away, logins, longAway, mixed, oneToOne, rooms, steady } from './scenarios/load.ts'
import { coldStart, rebuild } from './scenarios/start.ts'
import { versionsOf } from './server.ts'
import { head, line, title } from './table.ts'

const SCENARIOS: readonly Scenario[] = [
  oneToOne,
  steady,
  rooms,
  logins,
  away,
  longAway,
  mixed,
  coldStart,
  rebuild,
  growth,
]

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** What is being done just now, on a terminal, until something is printed. */
const status = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

interface Measured {
  scenario: string
  title: string
  failed?: string
  rows: Row[]
}

/** True where everything has figures. */
const bench = async (options: Options): Promise<boolean> => {
  mkdirSync(options.out, { recursive: true }) // what cannot be written is said before, not after
  mkdirSync(options.dir, { recursive: true })
  const root = realpathSync(mkdtempSync(join(options.dir, 'bench-')))
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Interrupted(signal)))
  })
  interrupted.catch(() => undefined) // also where nothing is under way just then
  try {
    const { version, commit } = versionsOf()
    const machine = thisMachine(options.url === undefined ? root : undefined)
    const began = performance.now()
    const versions = `Verbatim ${version} at ${commit}`
    print(head(machine, versions, options))
    const measured: Measured[] = []
    for (const scenario of SCENARIOS.filter(({ name }) => options.scenarios.includes(name)))
      measured.push(await measure(scenario, options, root, interrupted))
    const seconds = Math.round((performance.now() - began) / 1000)
    const files = { json: join(options.out, 'bench.json'), svg: join(options.out, 'bench.svg') }
    const at = new Date().toISOString()
    const summed = measured.map(({ rows, ...rest }) => ({
      ...rest,
      rows: rows.map(row => ({ ...row, failed: failureOf(row), summary: summaryOf(row) })),
    }))
    const report = { at, seconds, machine, version, commit, options, measured: summed }
    writeFileSync(files.json, `${JSON.stringify(report, undefined, 2)}\n`)
    writeFileSync(files.svg, chart(measured, `${versions}, ${at}: ${machine.cores} cores of ${machine.processor}`))
    const failed = measured.filter(
      one => one.failed !== undefined || one.rows.some(row => failureOf(row) !== undefined),
    )
    print(`\n${seconds} s; ${files.json}, ${files.svg}`)
    if (failed.length > 0) print(`FAILED: ${failed.map(({ scenario }) => scenario).join(', ')}`)
    return failed.length === 0
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

class Interrupted extends Error {}

/** One that breaks off is told, and the next has its turn. */
const measure = async (
  scenario: Scenario,
  options: Options,
  root: string,
  interrupted: Promise<never>,
): Promise<Measured> => {
  try {
    const { rows, plan } = await runScenario(scenario, { options, root, interrupted, said: status })
    status('')
    const about = scenario.title(plan)
    print(title(about))
    for (const row of rows) print(line(row))
    for (const said of scenario.conclusion?.(rows, plan) ?? []) print(said)
    return { scenario: scenario.name, title: about, rows }
  } catch (error) {
    if (error instanceof Interrupted) throw error
    status('')
    const failed = error instanceof Error ? error.message : String(error)
    print(`${title(scenario.name)}\n  FAILED: ${failed.split('\n')[0]}`) // all of it is in bench.json
    return { scenario: scenario.name, title: scenario.about, failed, rows: [] }
  }
}

/** Ends with what went wrong on standard error. */
const fail = (error: unknown, more = ''): never => {
  status('')
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n${more}`)
  process.exit(1)
}

const parsed = (): Parsed => {
  try {
    return parseOptions(process.argv.slice(2), SCENARIOS)
  } catch (error) {
    return fail(error, '`npm run bench -- --help` says what there is\n')
  }
}

const options = parsed()
if (options === 'help') print(usageOf(SCENARIOS))
else process.exit((await bench(options).catch(fail)) ? 0 : 1)
