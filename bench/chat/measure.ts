// What one round of a measurement says, and how its rounds become one row.
import { median } from '../store/figures.ts'

/** Whose CPU time and memory is told apart. */
export const PARTS = ['server', 'store', 'Postgres', 'generator'] as const
export type Part = (typeof PARTS)[number]
export type ByPart = Partial<Record<Part, number>>

/** In ms, from an HdrHistogram of three digits. */
export interface Latency {
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
  count: number
}

export interface Measure {
  what: string
  /** What `value` counts: `msgs/s`, `KiB/session`, `ms`. */
  unit: string
  value?: number | undefined
  latency?: Latency | undefined
  /** CPU seconds for each 1,000 of what was counted: all threads and children, in user and in system mode. */
  cpu?: ByPart | undefined
  /** Proportional set size at the end, in MB: memory that processes share is counted once. */
  memory?: ByPart | undefined
  /** How late timers were in the event loops, at the 99th percentile, in ms. */
  delay?: ByPart | undefined
  /** The same, the longest of all. */
  longest?: ByPart | undefined
  /** What was sent and never came. */
  lost?: number | undefined
  /** What was refused, or closed, or came wrong; and the first of them. */
  errors?: number | undefined
  firstError?: string | undefined
}

export interface Row {
  what: string
  unit: string
  rounds: Measure[]
}

/** Median, least and most. */
export interface Spread {
  median: number
  min: number
  max: number
}

const spread = (values: readonly number[]): Spread | undefined =>
  values.length === 0 ? undefined : { median: median(values), min: Math.min(...values), max: Math.max(...values) }

export interface Summary {
  value: Spread | undefined
  p50: Spread | undefined
  p99: Spread | undefined
  /** The worst of all rounds. */
  worst: number | undefined
  cpu: ByPart
  memory: ByPart
  delay: ByPart
  /** The longest of all rounds. */
  longest: ByPart
}

/** What is wrong with a row; undefined: nothing, and its figures are figures. */
export const failureOf = ({ rounds }: Row): string | undefined => {
  const sum = (of: (measure: Measure) => number | undefined) => rounds.reduce((all, one) => all + (of(one) ?? 0), 0)
  const lost = sum(one => one.lost)
  const errors = sum(one => one.errors)
  if (lost + errors === 0) return undefined
  const first = rounds.flatMap(one => one.firstError ?? [])[0]
  return `${lost} lost, ${errors} errors${first === undefined ? '' : `; the first: ${first}`}`
}

export const summaryOf = ({ rounds }: Row): Summary => {
  const all = (of: (measure: Measure) => number | undefined) => rounds.flatMap(one => of(one) ?? [])
  const parts = (of: (measure: Measure) => ByPart | undefined, figure = median): ByPart =>
    Object.fromEntries(
      PARTS.flatMap(part => {
        const values = all(one => of(one)?.[part])
        return values.length === 0 ? [] : [[part, figure(values)]]
      }),
    )
  const maxima = all(one => one.latency?.max)
  return {
    value: spread(all(one => one.value)),
    p50: spread(all(one => one.latency?.p50)),
    p99: spread(all(one => one.latency?.p99)),
    worst: maxima.length === 0 ? undefined : Math.max(...maxima),
    cpu: parts(one => one.cpu),
    memory: parts(one => one.memory),
    delay: parts(one => one.delay),
    longest: parts(
      one => one.longest,
      values => Math.max(...values),
    ),
  }
}

/** The rounds' measures as rows, in the order in which each first came. */
export const rowsOf = (measures: readonly Measure[]): Row[] => {
  const rows = new Map<string, Row>()
  for (const measure of measures) {
    const row = rows.get(measure.what) ?? { what: measure.what, unit: measure.unit, rounds: [] }
    row.rounds.push(measure)
    rows.set(measure.what, row)
  }
  return [...rows.values()]
}
