// The table in the terminal: a head that says where, then a row for each measurement as it is done.
import type { Machine } from '../store/machine.ts'
import { failureOf, summaryOf, PARTS } from './measure.ts'
import type { ByPart, Row, Spread, Summary } from './measure.ts'
import type { Options } from './options.ts'

const FIRST = 48

const COLUMNS: [group: string, heading: string, width: number, cell: (summary: Summary) => string][] = [
  ['', 'median', 10, ({ value }) => number(value?.median)],
  ['', 'min–max', 16, ({ value }) => range(value)],
  ['latency, ms', 'p50', 8, ({ p50 }) => number(p50?.median)],
  ['', 'p99', 8, ({ p99 }) => number(p99?.median)],
  ['', 'p99 min–max', 14, ({ p99 }) => range(p99)],
  ['', 'worst', 8, ({ worst }) => number(worst)],
  ...byPart('CPU s per 1,000', ({ cpu }) => cpu),
  ...byPart('PSS, MB', ({ memory }) => memory),
  ['loop p99, ms', 'server', 8, ({ delay }) => number(delay.server)],
  ['', 'gener.', 8, ({ delay }) => number(delay.generator)],
  ['longest, ms', 'server', 8, ({ longest }) => number(longest.server)],
  ['', 'gener.', 8, ({ longest }) => number(longest.generator)],
]

function byPart(group: string, of: (summary: Summary) => ByPart): typeof COLUMNS {
  return PARTS.map((part, index) => [
    index === 0 ? group : '',
    part === 'generator' ? 'gener.' : part,
    index === 0 ? 10 : 9,
    (summary: Summary) => number(of(summary)[part]),
  ])
}

export const head = (machine: Machine, versions: string, options: Options): string => {
  const { cores, processor, memoryGB, system, node, load, disk } = machine
  const { rounds, quick, leftOut } = options
  const facts: [name: string, value: string][] = [
    ['server', options.url ?? "the benchmark's own, with the embedded store and Postgres"],
    ['versions', versions],
    ['client', 'the SDK, in a process of its own on the same machine'],
    ['machine', `${cores} cores of ${processor}, ${memoryGB.toFixed(1)} GiB; ${system}; Node.js ${node}`],
    ['load', `${load.toFixed(2)} in the minute before${load > cores / 2 ? ': it was busy, which may show' : ''}`],
  ]
  if (disk) {
    const memory = disk.filesystem === 'tmpfs' ? ' (which is memory: choose a disk with --dir)' : ''
    facts.push(['disk', `${disk.filesystem}${memory}: a 4 KiB write with fdatasync takes ${number(disk.sync)} ms`])
  }
  facts.push(['rounds', `${rounds}${quick ? ', quick: these are no figures to compare' : ''}`])
  for (const line of leftOut) facts.push(['left out', line])
  return [...facts.map(([name, value]) => `${name.padEnd(10)}${value}`), '', ...headings()].join('\n')
}

/** A group's name stands over its columns, from where the first of them begins. */
const headings = (): string[] => {
  let groups = ' '.repeat(FIRST)
  let names = groups
  for (const [group, heading, width] of COLUMNS) {
    names += heading.padStart(width)
    if (group !== '') groups = `${groups.padEnd(names.length - heading.length)}${group}`
  }
  return [groups, `${names} unit`]
}

export const title = (text: string): string => `\n${text}`

/** A failure has no figures. */
export const line = (row: Row): string => {
  const name = `  ${row.what}`.padEnd(FIRST)
  const failure = failureOf(row)
  if (failure !== undefined) return `${name}  FAILED: ${failure}`
  const summary = summaryOf(row)
  return `${name}${COLUMNS.map(([, , width, cell]) => cell(summary).padStart(width)).join('')} ${row.unit}`.trimEnd()
}

const range = (spread: Spread | undefined): string =>
  spread === undefined || spread.min === spread.max ? '' : `${number(spread.min)}–${number(spread.max)}`

/** Three digits that count; a thousand and more as it is. */
export const number = (value: number | undefined): string => {
  if (value === undefined) return ''
  if (value >= 100) return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
  if (value === 0) return '0'
  if (value < 0.0995) return value.toPrecision(2)
  return value.toFixed(value >= 10 ? 1 : value >= 0.995 ? 2 : 3)
}
