// How long to wait before coming back: doubling, with jitter, so that a restarted server is not met by everyone at once.

const FIRST = 250
const MOST = 30_000

/** Milliseconds before attempt number `attempt` (from 0). `luck` is in [0, 1): half the delay is fixed, half is luck. */
export function backoff(attempt: number, luck: number): number {
  const delay = Math.min(MOST, FIRST * 2 ** Math.min(attempt, 20))
  return Math.round(delay / 2 + (delay / 2) * luck)
}
