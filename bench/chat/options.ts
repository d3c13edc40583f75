// The command line: what to measure, against which server, how long and how often.
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** What can be asked for. */
export interface Choice {
  name: string
  about: string
  /** It stops and starts its server, or asks its database: that of others will not do. */
  ownServerOnly?: true
  /** It needs a folder of IRC logs. */
  needsData?: true
}

export interface Options {
  scenarios: string[]
  /** What was left out, and why. */
  leftOut: string[]
  /** Overrides what the plan says: how long is measured, in seconds. */
  seconds: number | undefined
  rounds: number
  /** Of the server, http(s)://…; undefined: one of the benchmark's own. */
  url: string | undefined
  /** The processes of that server, each with all below it. */
  pids: number[]
  out: string
  dir: string
  /** A folder of IRC logs. */
  data: string | undefined
  /** How much faster than they were the logs happen again. */
  speed: number
  quick: boolean
  full: boolean
}

export type Parsed = Options | 'help'

export const usageOf = (choices: readonly Choice[]): string => `usage: npm run bench -- [options]

  --scenario A,B  of those below (default all that can run)
  --seconds N     measure so long, where a scenario runs for a time
  --rounds N      medians over so many rounds, each with a server of its own (default 3)
  --url ws://…    load this server instead of one of the benchmark's own; it keeps what is written, and must serve dev tokens
  --pids P,P      that server's processes, whose CPU time and memory are told
  --out FOLDER    where bench.json and bench.svg go (default bench/results)
  --dir FOLDER    keep the server's data on this disk (a new folder inside, removed afterwards; default ${tmpdir()})
  --data FOLDER   IRC logs, a file a day, for the scenario mixed
  --speed N       how much faster than they were they happen again (default 60)
  --quick         short rounds and little data: to see that it runs, not to compare
  --full          growth up to a million messages

${choices.map(({ name, about }) => `  ${name.padEnd(16)}${about}`).join('\n')}`

/** Throws an Error whose message says what is wrong with the arguments. */
export const parseOptions = (argv: readonly string[], choices: readonly Choice[]): Parsed => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values: given } = parseArgs({
    args: [...argv],
    options: {
      ...{ scenario: text, seconds: text, rounds: text, url: text, pids: text, out: text, dir: text, data: text },
      ...{ speed: text, quick: flag, full: flag, help: flag },
    },
  })
  if (given.help) return 'help'
  const { quick, full, data } = given
  const url = given.url === undefined ? undefined : httpUrl(given.url)
  if (quick && full) throw new Error('--quick and --full are the two ends: choose one')
  if (url !== undefined && given.dir !== undefined)
    throw new Error("--dir is for a server of the benchmark's own; with --url the server has its own")
  if (url === undefined && given.pids !== undefined) throw new Error('--pids is for a server that --url names')
  if (data !== undefined && !statSync(data, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`--data '${data}' is no folder: name one with IRC logs in it, such as 2004-12-25.txt`)
  const { scenarios, leftOut } = chosen(given.scenario, choices, { url, data })
  const seconds = given.seconds === undefined ? undefined : number('--seconds', given.seconds, 3600)
  return {
    ...{ scenarios, leftOut, seconds, url, data, quick, full },
    rounds: number('--rounds', given.rounds ?? (quick ? '1' : '3'), 99),
    pids: (given.pids?.split(',') ?? []).map(pid => number('--pids', pid, 2 ** 22)),
    out: given.out ?? 'bench/results',
    dir: given.dir ?? tmpdir(),
    speed: number('--speed', given.speed ?? '60', 1_000_000),
  }
}

const number = (option: string, text: string, most: number): number => {
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > most)
    throw new Error(`${option} '${text}' is not a number from 1 to ${most}`)
  return Number(text)
}

/** Given is the socket's address or the server's; the SDK wants the latter. */
const httpUrl = (text: string): string => {
  if (!/^(ws|http)s?:\/\/./.test(text) || !URL.canParse(text))
    throw new Error(`--url '${text}' is not of the form ws://HOST:PORT or http://HOST:PORT`)
  const url = new URL(text)
  return `${url.protocol.replace('ws', 'http')}//${url.host}${url.pathname.replace(/\/?(v1\/socket)?$/, '')}`
}

const chosen = (
  asked: string | undefined,
  choices: readonly Choice[],
  { url, data }: Pick<Options, 'url' | 'data'>,
): Pick<Options, 'scenarios' | 'leftOut'> => {
  const why = ({ ownServerOnly, needsData }: Choice): string | undefined => {
    if (ownServerOnly && url !== undefined) return "needs a server of the benchmark's own: leave out --url"
    return needsData && data === undefined ? 'needs IRC logs: --data FOLDER' : undefined
  }
  if (asked === undefined)
    return {
      scenarios: choices.filter(choice => why(choice) === undefined).map(({ name }) => name),
      leftOut: choices.filter(why).map(choice => `${choice.name} ${why(choice)}`),
    }
  const scenarios = asked.split(',')
  for (const name of scenarios) {
    const choice = choices.find(one => one.name === name)
    if (!choice) throw new Error(`--scenario '${name}' is none of ${choices.map(one => one.name).join(', ')}`)
    if (why(choice)) throw new Error(`--scenario '${name}' ${why(choice)}`)
  }
  return { scenarios, leftOut: [] }
}
