// Gives memory back when it is quiet. What a busy time needs for a moment, V8 keeps: most of all its young generation, which
// `npm start` lets grow to 64 MB a half, since larger ones are looked through less often.
import { Session } from 'node:inspector/promises'
import { performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

/** How often it is looked how busy this thread was (milliseconds). */
const lookMs = 3_000
/** The share of its time from which on a thread has been busy, and below which it is quiet. */
const busyFrom = 0.2
const quietBelow = 0.05
/** It is given back when so many looks on end found it quiet. */
const quietLooks = 3
/** Less than this of the young generation is not worth it; more of the heap in use takes too long (bytes). */
const leastYoung = 32 * 1024 * 1024
const mostHeap = 512 * 1024 * 1024
/** Nor is it done more often (milliseconds). */
const leastGapMs = 30_000

export interface Quiet {
  /** There was much to do since memory was given back. */
  readonly owed: boolean
  /** Looks on end that found it quiet. */
  readonly looks: number
}

/** What a look tells, after the one before. */
export function look({ owed, looks }: Quiet, utilization: number): Quiet {
  if (utilization >= busyFrom) return { owed: true, looks: 0 }
  return { owed, looks: utilization < quietBelow ? looks + 1 : 0 }
}

export const isDue = ({ owed, looks }: Quiet): boolean => owed && looks >= quietLooks

/** Bytes of memory that the young generation has, and those of the heap that are in use. */
const young = () => getHeapSpaceStatistics().find(space => space.space_name === 'new_space')!.physical_space_size
const isWorthIt = () => young() >= leastYoung && getHeapStatistics().used_heap_size <= mostHeap

/**
 * Whole collections that leave the heap as small as it gets: after 5,000 logins the process has 160 MB instead of 350. This thread
 * stands still for 70 to 170 ms meanwhile, which is why it is done seldom, and where hardly anything happens.
 */
export async function giveBack(): Promise<void> {
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.collectGarbage')
  } finally {
    session.disconnect()
  }
}

/** Gives memory back after a busy time, where that is worth it. */
export function giveBackWhenQuiet(log: (error: unknown) => void): { stop(): void } {
  let quiet: Quiet = { owed: true, looks: 0 }
  let last = performance.eventLoopUtilization()
  let given = -Infinity
  const timer = setInterval(() => {
    const elapsed = performance.eventLoopUtilization()
    quiet = look(quiet, performance.eventLoopUtilization(elapsed, last).utilization)
    last = elapsed
    if (!isDue(quiet) || performance.now() - given < leastGapMs) return
    quiet = { owed: false, looks: 0 }
    if (!isWorthIt()) return
    given = performance.now()
    giveBack().catch(log)
  }, lookMs).unref()
  return { stop: () => clearInterval(timer) }
}
