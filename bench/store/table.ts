// The table in the terminal: a head that says where, then a row for each measurement as it is done.
import { summary } from './figures.ts'
import type { Figures, Row } from './figures.ts'
import type { Machine } from './machine.ts'
import { shownUrl } from './options.ts'
import type { Options } from './options.ts'

const COLUMNS: [heading: string, width: number, cell: (figures: Figures, unit: string) => string][] = [
  ['per second', 13, ({ rate }) => (rate === undefined ? '-' : count(rate))],
  ['', 14, (_, unit) => ` ${unit}`.padEnd(14)],
  ['p50 ms', 9, ({ p50 }) => number(p50)],
  ['p99 ms', 9, ({ p99 }) => number(p99)],
  ['max ms', 9, ({ max }) => number(max)],
  ['client µs', 11, ({ clientCpu }) => number(clientCpu)],
  ['server µs', 11, ({ serverCpu }) => number(serverCpu)],
  ['server MB', 11, ({ serverMemory }) => number(serverMemory)],
]
const FIRST = 40

export const head = (machine: Machine, options: Options): string => {
  const { cores, processor, memoryGB, system, node, client, load, disk } = machine
  const busy = load > cores / 2 ? ': it was busy, which may show' : ''
  const facts: [name: string, value: string][] = [
    ['client', `@eventstore/db-client ${client}, in a process of its own`],
    ['server', options.url === undefined ? 'the embedded store, in a process of its own' : shownUrl(options.url)],
    ['machine', `${cores} cores of ${processor}, ${memoryGB.toFixed(1)} GiB; ${system}; Node.js ${node}`],
    ['load', `${load.toFixed(2)} in the minute before${busy}`],
  ]
  if (disk) {
    const { dir, filesystem, sync } = disk
    const memory = filesystem === 'tmpfs' ? ' (which is memory: choose a disk with --dir)' : ''
    facts.push(['disk', `${filesystem}${memory} at ${dir}: a 4 KiB write with fdatasync takes ${number(sync)} ms`])
  }
  const { rounds, quick } = options
  facts.push(['rounds', `${rounds}${rounds > 1 ? ': medians, and the worst as max' : ''}${quick ? ', quick' : ''}`])
  const headings = COLUMNS.map(([heading, width]) => heading.padStart(width)).join('')
  return [...facts.map(([name, value]) => `${name.padEnd(9)}${value}`), '', ' '.repeat(FIRST) + headings].join('\n')
}

export const title = (text: string): string => `\n${text}`

export const line = ({ what, unit, rounds }: Row): string => {
  const figures = summary(rounds)
  return `  ${what}`.padEnd(FIRST) + COLUMNS.map(([, width, cell]) => cell(figures, unit).padStart(width)).join('')
}

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** Three digits that count; a thousand and more as it is. */
const number = (value: number | undefined): string => {
  if (value === undefined) return '-'
  if (value >= 100) return count(value)
  return value.toFixed(value >= 10 ? 1 : 2)
}
