// What is counted, and how it is told. Whoever counts keeps plain numbers of its own; they are looked at when somebody asks
// for them, so that counting costs an addition.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Latencies } from './latencies.ts'

export { Appends } from './appends.ts'
export { watchBehind, type Behind } from './behind.ts'
export { Flights } from './flights.ts'
export { Latencies } from './latencies.ts'
export { tally, type Tally } from './tally.ts'

/** One number, or one for each value of a label. */
type Counts<L extends string> = number | Readonly<Record<L, number>>

export interface Metrics {
  readonly contentType: string
  /** As Prometheus reads them. */
  text(): Promise<string>
  /** What only grows. */
  counter(name: string, help: string, read: () => number): void
  counter<L extends string>(name: string, help: string, read: () => Readonly<Record<L, number>>, label: string): void
  /** What is so now; it may have to be asked for. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void
  gauge<L extends string>(name: string, help: string, read: () => Readonly<Record<L, number>>, label: string): void
  /** How long something takes, in seconds. */
  latencies(name: string, help: string, read: Latencies): void
}

/** `process`: with the figures of the process itself (memory, CPU, garbage collection, event loop). */
export function createMetrics({ process = false }: { process?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (process) collectDefaultMetrics({ register: registry })

  const options = (name: string, help: string, label: string | undefined) => ({
    name: `verbatim_${name}`,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
  })
  const each = (counts: Counts<string>, label: string | undefined, put: (labels: object, value: number) => void) => {
    if (typeof counts === 'number') put({}, counts)
    else for (const [value, count] of Object.entries(counts)) put({ [label!]: value }, count)
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    counter(name: string, help: string, read: () => Counts<string>, label?: string) {
      new Counter({
        ...options(name, help, label),
        collect() {
          this.reset()
          each(read(), label, (labels, value) => this.inc(labels, value))
        },
      })
    },
    gauge(name: string, help: string, read: () => Counts<string> | Promise<number>, label?: string) {
      new Gauge({
        ...options(name, help, label),
        async collect() {
          each(await read(), label, (labels, value) => this.set(labels, value))
        },
      })
    },
    latencies(name, help, latencies) {
      registry.registerMetric(latencies.metric(`verbatim_${name}`, help))
    },
  }
}
