// Group commit: one commit at a time, and everything that arrives while it is under way is the next one.
import type { Entry } from '../storage/port.ts'

export interface GroupCommit {
  /** `settled` is called when these entries, and all that were added before them, are on disk. */
  add(entries: readonly Entry[], settled: () => void): void
  /** Bytes that wait for the disk. */
  waiting(): number
  /** Resolves when nothing waits any more, or a commit has failed. */
  idle(): Promise<void>
}

export interface GroupCommitEvents {
  commit(entries: readonly Entry[]): Promise<void>
  /** Before the writers are told. */
  committed(entries: readonly Entry[]): void
  /** After a failed commit memory is ahead of the disk, and nothing may be answered any more. */
  failed(error: unknown): void
}

interface Submission {
  entries: readonly Entry[]
  bytes: number
  settled: () => void
}

/** What a commit takes before it leaves the rest to the next: no write holds up the answers to earlier ones for long. */
const MOST_ENTRIES = 2048
const MOST_BYTES = 4 * 1024 * 1024

export const groupCommit = (events: GroupCommitEvents): GroupCommit => {
  let queue: Submission[] = []
  let waiting = 0
  let state: 'idle' | 'running' | 'failed' = 'idle'
  let whenIdle: (() => void)[] = []

  const nextGroup = (): Submission[] => {
    let taken = 0
    let entries = 0
    let bytes = 0
    for (const submission of queue) {
      if (entries >= MOST_ENTRIES || bytes >= MOST_BYTES) break
      entries += submission.entries.length
      bytes += submission.bytes
      taken++
    }
    return queue.splice(0, taken)
  }

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const group = nextGroup()
      const entries = group.flatMap(submission => submission.entries)
      if (entries.length > 0) await events.commit(entries)
      for (const { bytes } of group) waiting -= bytes
      events.committed(entries)
      for (const { settled } of group) settled()
    }
    rest('idle') // here, and not a microtask later: what an answer brings on is not to find it running, and wait for ever
  }

  const rest = (now: 'idle' | 'failed'): void => {
    state = now
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  // not at once: what comes in the same turn of the event loop belongs to the same commit
  const start = (): void => {
    state = 'running'
    setImmediate(() => {
      run().catch((error: unknown) => {
        queue = []
        rest('failed')
        events.failed(error)
      })
    })
  }

  return {
    add: (entries, settled) => {
      if (state === 'failed') return // nobody is answered any more
      const bytes = entries.reduce((sum, { record }) => sum + record.length, 0)
      waiting += bytes
      queue.push({ entries, bytes, settled })
      if (state === 'idle') start()
    },
    waiting: () => waiting,
    idle: () => (state === 'running' ? new Promise(resolve => whenIdle.push(resolve)) : Promise.resolve()),
  }
}
