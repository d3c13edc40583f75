// What the doctor asks the server about itself: whether it lives and can serve, how far behind its parts are, and whose clock is right.
import { api } from '../../client/index.ts'
import type { Check } from './report.ts'
import { impatientFetch } from './wait.ts'

/** package.json's `engines`: of each major version, from which minor one on. */
const supported = new Map([
  [20, 19],
  [22, 13],
  [24, 0],
  [26, 0],
])

export const nodeVersion: Check = {
  name: 'node',
  look: () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    if (minor < (supported.get(major) ?? Infinity)) throw new Error(`version ${process.versions.node}`)
    return process.versions.node
  },
  advice: 'install Node 20 (from 20.19 on), 22 (from 22.13 on), 24 or 26',
}

export const serverLives = (url: string): Check => ({
  name: 'server',
  look: async () => {
    await api({ url, fetch: impatientFetch }).healthz()
    return url
  },
  advice: 'see what it printed when it started',
})

export const serverIsReady = (url: string): Check => ({
  name: 'ready',
  look: async () => {
    await api({ url, fetch: impatientFetch }).readyz()
    return 'store, database and read models are there'
  },
  advice: thrown => adviceFor(thrown instanceof Error ? thrown.message : ''),
})

/** Each reason that `/readyz` gives has its remedy. */
function adviceFor(reasons: string): string {
  const remedies = [
    [
      /event store/,
      'see whether the store runs and can write (EVENTSTORE_URL; without it, a child process of the server)',
    ],
    [
      /database/,
      'see whether PostgreSQL runs and takes connections (DATABASE_URL; without it, a child process of the server)',
    ],
    [/read models/, 'see the log of the process with the role projections, and what PostgreSQL is waiting for'],
    [/command process/, 'start a process with the role commands where COMMANDS_URL says, or see its log'],
  ] as const
  const found = remedies.filter(([reason]) => reason.test(reasons)).map(([, remedy]) => remedy)
  return found.join('; ') || 'wait until it has printed its ready line, or see its log for what it waits for'
}

/** A part that is so far behind is not well (seconds). */
const mostBehind = 10

/** Three of them missed, and what a fourth may take before it counts as lost: nothing comes through then (seconds). */
const oldest = (interval: number): number => 3 * interval + 30

/** Where canaries are lost, as `/metrics` has it, and in words. */
const legs = [
  ['durable', 'at the event store'],
  ['feed', 'at the feed'],
  ['read_models', 'at the read models'],
] as const

interface Part {
  readonly name: string
  readonly lag: string
}
const parts: readonly Part[] = [
  { name: 'feed', lag: 'feed_lag' },
  { name: 'read models', lag: 'projection_lag' },
  { name: 'search index', lag: 'search_lag' },
]

export const lags = (url: string): Check => ({
  name: 'lag',
  look: async () => {
    const response = await impatientFetch(new URL('metrics', url.endsWith('/') ? url : `${url}/`))
    if (!response.ok) throw new Error(`/metrics is answered with ${response.status}`)
    return lagsIn(await response.text())
  },
  advice: 'what each figure means, and what to do, is in docs/operations.md under Metrics',
})

type Told = (name: string) => number | undefined

/** What `/metrics` says of how far the parts are; throws where one is too far behind, or no canary comes through. */
export function lagsIn(text: string): string {
  const told: Told = name => {
    const [, value] = new RegExp(`^verbatim_${name} (\\S+)$`, 'm').exec(text) ?? []
    return value === undefined ? undefined : Number(value)
  }
  const late: string[] = []
  const words = parts.flatMap(({ name, lag }) => {
    const [events, seconds] = [told(`${lag}_events`), told(`${lag}_seconds`)]
    if (events === undefined || seconds === undefined) return [] // made by another process
    const one = Number.isNaN(events)
      ? `${name}: not known`
      : `${name} ${events} ${events === 1 ? 'event' : 'events'}, ${seconds.toFixed(1)} s`
    if (Number.isNaN(events)) late.push(`how far the ${name} is behind is not known: the event store does not answer`)
    if (seconds > mostBehind) late.push(`the ${name} has been behind for ${Math.round(seconds)} s (${events} events)`)
    return [one]
  })
  if (words.length === 0) throw new Error('/metrics tells nothing of how far its parts are: that is not this server’s')
  const canary = canaryIn(told)
  if (canary?.missing) late.push(canary.said)
  if (late.length > 0) throw new Error(late.join('; '))
  return `behind: ${[...words, ...(canary ? [canary.said] : [])].join('; ')}`
}

/** What became of the process's canaries, and whether they are missing; undefined where none are sent. */
function canaryIn(told: Told): { said: string; missing: boolean } | undefined {
  const [age, interval] = [told('canary_age_seconds'), told('canary_interval_seconds')]
  if (age === undefined || interval === undefined) return undefined
  const losses = legs.flatMap(([leg, where]) => {
    const lost = told(`canary_lost_total\\{leg="${leg}"\\}`)
    return lost ? [`${lost} ${where}`] : []
  })
  const missing = age > oldest(interval)
  const ago = `${Math.round(age)} s`
  const last = told('canary_through_total') ? `last canary ${ago} ago` : `no canary yet, up for ${ago}`
  const every = missing ? ` where one is sent every ${interval} s` : ''
  const lost = losses.length === 0 ? '' : `, lost since the start: ${losses.join(', ')}`
  return { said: `${last}${every}${lost}`, missing }
}

/** From here on tokens are taken for too old or too young, and what is temporary ends at another time than apps show (milliseconds). */
const mostApart = 5_000

/** `at`: what the server's clock said between two looks at the one here. */
export const clocks = ({ at, before, after }: { at: string; before: number; after: number }): Check => ({
  name: 'clock',
  look: () => {
    const apart = Math.round(Date.parse(at) - (before + after) / 2)
    const unsure = Math.ceil((after - before) / 2)
    const words = `the server's is ${Math.abs(apart)} ms ${apart < 0 ? 'behind' : 'ahead of'} the one here (± ${unsure} ms)`
    if (Math.abs(apart) - unsure > mostApart) throw new Error(words)
    return words
  },
  advice: 'set both by NTP',
})
