// Gives memory back when it is quiet. V8 keeps its young generation as large as a busy time has made it, which `npm start` lets be
// 64 MB a half, since larger ones are looked through less often.
import { performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'

/** How often it is looked how busy this thread was (milliseconds). */
const lookMs = 1_000
/** Below this share of its time a thread is quiet. */
const quietBelow = 0.1
/** Less than this of the young generation is not worth it (bytes). */
const leastYoung = 8 * 1024 * 1024
/** Looks on end that try it: it takes some seven, and where more than a little is allocated it never comes to anything. */
const mostTries = 15

/** Bytes of memory that the young generation has. */
export const young = (): number =>
  getHeapSpaceStatistics().find(space => space.space_name === 'new_space')!.physical_space_size

/**
 * Looks through the young generation (1 to 9 ms). V8 makes it small meanwhile where less than 1 MB a second was allocated lately, which
 * in Node 20 is five seconds, so that it takes some looks on end. What is older is left alone: a collection of all took 330 ms, and
 * threw away compiled code that is needed as soon as there is much to do again (docs/decisions/0035).
 */
export function giveBack(): void {
  globalThis.gc?.({ type: 'minor' })
}

/** Gives memory back while it is quiet, where Node was started with `--expose-gc`. */
export function giveBackWhenQuiet(): { stop(): void } {
  let last = performance.eventLoopUtilization()
  let tries = 0
  const timer = setInterval(() => {
    const elapsed = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(elapsed, last)
    last = elapsed
    if (utilization >= quietBelow) tries = 0
    else if (tries < mostTries && young() >= leastYoung) {
      tries++
      giveBack()
    }
  }, lookMs).unref()
  return { stop: () => clearInterval(timer) }
}
