// What the bench and its generator say to each other.

export type Order =
  | { readonly do: 'come'; readonly url: string; readonly people: number }
  /** Everybody keeps so many messages under way: as much as the machine takes. */
  | { readonly do: 'fill'; readonly underWay: number; readonly seconds: number }
  /** Everybody together says so many a second, whatever becomes of them. */
  | { readonly do: 'press'; readonly rate: number; readonly seconds: number }
  /** Everybody is sent away by a server that ends, and comes back to the one that begins. */
  | { readonly do: 'await' }
  | { readonly do: 'leave' }

/** Times in milliseconds: from a frame on the wire to its `sent`. */
export interface Figures {
  readonly seconds: number
  readonly said: number
  /** Not said: too much of one's own waits already. */
  readonly unsaid: number
  readonly sent: number
  readonly busy: number
  readonly received: number
  readonly p50: number
  readonly p99: number
  /** The same of what was answered after the first 5 s. */
  readonly p99Later: number
  readonly most: number
  /** Seconds from the end until everything that was said had its answer. */
  readonly drained: number
  /** Levels as people were told of them, with the seconds since the beginning. */
  readonly levels: readonly (readonly [seconds: number, level: number])[]
}
