// Batch appends of which parts are still to come, by correlation id; what is never completed runs into its deadline.
import type { ProposedEvent } from '../engine/event-record.ts'
import type { AppendOptions, BatchAppendRequest } from '../protocol/append-requests.ts'

export interface OpenAppend {
  correlation: Buffer
  options: AppendOptions
  proposed: ProposedEvent[]
}

export interface OpenAppends {
  /** Adds a later part; undefined where the first is not known (any more). */
  add(part: BatchAppendRequest): OpenAppend | undefined
  keep(append: OpenAppend): void
  close(correlation: Buffer): void
  clear(): void
}

/** The server's own limit, for clients that set no deadline. */
const LONGEST_WAIT = 10_000

export const openAppends = (onExpired: (append: OpenAppend) => void): OpenAppends => {
  const open = new Map<string, { append: OpenAppend; timer: NodeJS.Timeout }>()
  const keyOf = (correlation: Buffer): string => correlation.toString('latin1')

  const close = (correlation: Buffer): void => {
    if (open.size === 0) return
    clearTimeout(open.get(keyOf(correlation))?.timer)
    open.delete(keyOf(correlation))
  }

  return {
    add: ({ correlation, proposed }) => {
      const known = open.get(keyOf(correlation))?.append
      known?.proposed.push(...proposed)
      return known
    },
    keep: append => {
      if (open.has(keyOf(append.correlation))) return
      const wait = Math.min(LONGEST_WAIT, append.options.deadline - Date.now())
      const timer = setTimeout(() => {
        close(append.correlation)
        onExpired(append)
      }, wait)
      open.set(keyOf(append.correlation), { append, timer })
    },
    close,
    clear: () => {
      for (const { timer } of open.values()) clearTimeout(timer)
      open.clear()
    },
  }
}
