// How long to wait before coming back: up to a time that doubles, and how much of it is luck alone (full jitter), so that a
// restarted server is not met by everyone at once.

const FIRST = 500
const MOST = 30_000

/** Milliseconds before attempt number `attempt` (from 0). `luck` is in [0, 1). */
export function backoff(attempt: number, luck: number): number {
  return Math.round(Math.min(MOST, FIRST * 2 ** Math.min(attempt, 20)) * luck)
}
