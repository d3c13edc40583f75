// The present time as the log has it.

/**
 * RFC 3339 UTC with milliseconds. Several things happen in a millisecond, and writing one out takes ten times as long as asking
 * for it (0.34 µs): it is written once.
 */
export function wallClock(clock: () => number = Date.now): () => string {
  let ms = NaN
  let text = ''
  return () => {
    const now = clock()
    if (now !== ms) {
      ms = now
      text = new Date(now).toISOString()
    }
    return text
  }
}
