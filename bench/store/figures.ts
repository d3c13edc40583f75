// What a measurement says, and how the rounds of one measurement become one row.

/** Undefined: not measured here. */
export interface Figures {
  /** Per second; of what, the row's unit says. */
  rate?: number | undefined
  /** In ms. */
  p50?: number | undefined
  p99?: number | undefined
  max?: number | undefined
  /** CPU time in µs, for each of what the rate counts: all threads of the process, in user and in system mode. */
  clientCpu?: number | undefined
  serverCpu?: number | undefined
  /** Resident memory of the server, in MB. */
  serverMemory?: number | undefined
}

export const FIGURES = ['rate', 'p50', 'p99', 'max', 'clientCpu', 'serverCpu', 'serverMemory'] as const

export interface Row {
  what: string
  /** What the rate counts: `events`, `reads`. */
  unit: string
  rounds: Figures[]
}

/** Each figure's median over the rounds, but for `max`, which is the worst of them. */
export const summary = (rounds: readonly Figures[]): Figures => {
  const result: Figures = {}
  for (const figure of FIGURES) {
    const values = rounds.flatMap(round => round[figure] ?? [])
    if (values.length > 0) result[figure] = figure === 'max' ? Math.max(...values) : median(values)
  }
  return result
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
