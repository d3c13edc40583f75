// Which events a stream has and where they are: in LMDB up to some position, in memory from there on. It is made from the
// log and can be made anew from it, so it is written behind the commits, and nobody waits for it.
import type { Database, RootDatabase } from 'lmdb'
import { firstIndex } from '../search.ts'
import { recentIndex } from './recent-index.ts'
import type { IndexedCommit, RecentIndex } from './recent-index.ts'

export interface StreamIndex {
  streamKey(name: string): number | undefined
  lastRevision(stream: number): number
  positionOf(stream: number, revision: number): number | undefined
  /** The positions of these revisions, both ends included. */
  upwards(stream: number, from: number, to: number): Iterable<number>
  downwards(stream: number, from: number, to: number): Iterable<number>
  /** Seen at once, on disk in a while. */
  add(commit: IndexedCommit): void
  /** Waits while too much is not on disk yet. Rejects where the index could not be written. */
  room(): Promise<void>
  /** Puts everything on disk. */
  flush(): Promise<void>
}

/** Up to where LMDB knows which log. */
export interface Coverage {
  log: string
  to: number
}

/** So many events at a time go to LMDB: a millisecond or two of this thread. */
const FLUSHED_AT_ONCE = 1024

/** Some 10 MB of memory. */
const MOST_RECENT = 64 * 1024

const COVERAGE = 'coverage'

/** Where LMDB stands. Nothing: it is new, or of another log, and is begun anew. */
export const coverageOf = (environment: RootDatabase): Coverage | undefined => tables(environment).notes.get(COVERAGE)

export const clearIndex = async (environment: RootDatabase): Promise<void> => {
  const { revisions, names, notes } = tables(environment)
  await environment.batch(() => [revisions.clearAsync(), names.clearAsync(), notes.remove(COVERAGE)])
}

export const openStreamIndex = (environment: RootDatabase, log: string): StreamIndex => {
  const { revisions, names, notes } = tables(environment)
  /** Oldest first: what is on its way to LMDB, which may have part of it, and what came since. */
  const recent: RecentIndex[] = [recentIndex()]
  let flushing: Promise<void> | undefined
  let failure: Error | undefined

  const store = async (commits: readonly IndexedCommit[]): Promise<void> => {
    const coverage: Coverage = { log, to: commits.at(-1)!.end }
    const stored = await environment
      .batch(() => {
        for (const { events } of commits)
          for (const { position, stream, revision, opens } of events) {
            void revisions.put([stream, revision], position)
            if (opens !== undefined) void names.put(opens, stream)
          }
        void notes.put(COVERAGE, coverage)
      })
      .catch(rethrowCause)
    if (!stored) throw new Error('LMDB did not store the index')
    environment.resetReadTxn() // reads share one snapshot a turn of the event loop: those that follow must see this
  }

  /** Stores the recent ones, as long as there are so many. */
  const flushWhile = async (least: number): Promise<void> => {
    while (recent.at(-1)!.size() >= least) {
      const { commits } = recent.at(-1)!
      recent.push(recentIndex())
      for (const slice of slices(commits)) await store(slice)
      recent.shift()
    }
  }

  const inMemory = function* (stream: number) {
    for (const each of recent) {
      const latest = each.latest(stream)
      if (latest) yield latest
    }
  }

  /** The first revision that is in memory: those from there on are read from there alone. */
  const boundary = (stream: number): number => {
    for (const { revisions: kept } of inMemory(stream)) return kept[0]!
    return Infinity
  }

  return {
    streamKey: name => {
      for (const each of recent) {
        const key = each.streamKey(name)
        if (key !== undefined) return key
      }
      return names.get(name)
    },
    lastRevision: stream => {
      const newest = [...inMemory(stream)].at(-1)?.revisions.at(-1)
      if (newest !== undefined) return newest
      const range = { start: [stream, Infinity], end: [stream, -1], reverse: true, limit: 1 }
      for (const key of revisions.getKeys(range)) return key[1]!
      throw new Error(`The index has no revision of stream ${stream}`)
    },
    positionOf: (stream, revision) => {
      for (const { revisions: kept, positions } of inMemory(stream)) {
        const i = firstIndex(kept.length, at => kept[at]! >= revision)
        if (kept[i] === revision) return positions[i]
      }
      return revisions.get([stream, revision])
    },
    *upwards(stream, from, to) {
      const first = boundary(stream)
      const end = to < first ? { end: [stream, to], inclusiveEnd: true } : { end: [stream, first] }
      for (const { value } of revisions.getRange({ start: [stream, from], ...end })) yield value
      for (const { revisions: kept, positions } of [...inMemory(stream)]) {
        const last = firstIndex(kept.length, i => kept[i]! > to)
        for (let i = firstIndex(kept.length, at => kept[at]! >= from); i < last; i++) yield positions[i]!
      }
    },
    *downwards(stream, from, to) {
      for (const { revisions: kept, positions } of [...inMemory(stream)].reverse()) {
        const last = firstIndex(kept.length, at => kept[at]! >= to)
        for (let i = firstIndex(kept.length, at => kept[at]! > from) - 1; i >= last; i--) yield positions[i]!
      }
      const first = boundary(stream)
      const start = from < first ? { start: [stream, from] } : { start: [stream, first], exclusiveStart: true }
      const range = { ...start, end: [stream, to], inclusiveEnd: true, reverse: true }
      for (const { value } of revisions.getRange(range)) yield value
    },
    add: commit => {
      const young = recent.at(-1)!
      young.add(commit)
      if (flushing || young.size() < FLUSHED_AT_ONCE) return
      flushing = flushWhile(FLUSHED_AT_ONCE)
        .catch((error: Error) => void (failure = error))
        .finally(() => (flushing = undefined))
    },
    room: async () => {
      while (flushing && recent.reduce((sum, each) => sum + each.size(), 0) > MOST_RECENT) await flushing
      if (failure) throw failure
    },
    flush: async () => {
      await flushing
      if (failure) throw failure
      await flushWhile(1)
    },
  }
}

interface Tables {
  revisions: Database<number, number[]>
  names: Database<number, string>
  notes: Database<Coverage, string>
}

const tables = (environment: RootDatabase): Tables => ({
  revisions: environment.openDB('revisions', { encoding: 'ordered-binary' }),
  names: environment.openDB('names', { encoding: 'ordered-binary' }),
  notes: environment.openDB('coverage', { encoding: 'json' }),
})

/** Whole commits, so that the coverage is where one ends. */
function* slices(commits: readonly IndexedCommit[]): Iterable<IndexedCommit[]> {
  let slice: IndexedCommit[] = []
  let events = 0
  for (const commit of commits) {
    slice.push(commit)
    events += commit.events.length
    if (events < FLUSHED_AT_ONCE) continue
    yield slice
    slice = []
    events = 0
  }
  if (slice.length > 0) yield slice
}

/** What lmdb rejects with says only that a commit failed; why, it carries as a promise that rejects a little later. */
const rethrowCause = async (error: unknown): Promise<never> => {
  const { commitError } = error as { commitError?: Promise<never> }
  const late = new Promise(resolve => setTimeout(resolve, 1000))
  await Promise.race([commitError, late])
  throw error
}
