// The command line: what to measure, where, how often.
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** What can be asked for. */
export interface Choice {
  name: string
  /** It stops and starts its server, so that of others will not do. */
  ownNodeOnly?: true
}

export const usageOf = (scenarios: readonly Choice[]): string => `usage: npm run bench:store -- [options]

  --dir FOLDER      keep the log on this disk (a new folder inside, removed afterwards; default ${tmpdir()})
  --url esdb://…    measure this server instead of a node of its own; it keeps the events that are written
  --only NAME,NAME  of: ${scenarios.map(({ name }) => name).join(', ')}
  --rounds N        medians over so many rounds (default 3)
  --quick           short rounds and little data: to see that it runs, not to compare
  --json FILE       write the figures there too, every round's`

export interface Options {
  dir: string
  url: string | undefined
  only: string[]
  rounds: number
  quick: boolean
  json: string | undefined
}

/** For showing: without the password that it may have. */
export const shownUrl = (url: string): string => url.replace(/\/\/[^/@]*@/, '//')

export type Parsed = Options | 'help'

/** Throws an Error whose message says what is wrong with the arguments. */
export const parseOptions = (argv: readonly string[], scenarios: readonly Choice[]): Parsed => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      dir: { type: 'string' },
      url: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { dir = tmpdir(), url, only, quick, json, rounds = quick ? '1' : '3' } = values
  if (values.help) return 'help'
  if (url !== undefined && !/^esdb(\+discover)?:\/\/./.test(url))
    throw new Error(`--url '${url}' is not of the form esdb://HOST:PORT?tls=false`)
  if (url !== undefined && values.dir !== undefined)
    throw new Error('--dir is for a node of the benchmark; with --url the server has its own')
  if (!/^[1-9]\d?$/.test(rounds)) throw new Error(`--rounds '${rounds}' is not a number from 1 to 99`)
  const possible = scenarios.filter(({ ownNodeOnly }) => !ownNodeOnly || url === undefined).map(({ name }) => name)
  const names = only === undefined ? possible : only.split(',')
  for (const name of names)
    if (!possible.includes(name))
      throw new Error(`--only '${name}' is none of ${possible.join(', ')}${url === undefined ? '' : ', as --url goes'}`)
  return { dir, url, only: names, rounds: Number(rounds), quick, json }
}
