// Which events a stream has and where they are: in LMDB up to some position, in memory from there on. It is made from the
// log and can be made anew from it, so it is written behind the commits, and nobody waits for it.
import type { Database, RootDatabase } from 'lmdb'
import { firstIndex } from '../search.ts'
import { recentIndex } from './recent-index.ts'
import type { Indexed, RecentIndex } from './recent-index.ts'

export interface StreamIndex {
  streamKey(name: string): number | undefined
  lastRevision(stream: number): number
  positionOf(stream: number, revision: number): number | undefined
  /** The positions of these revisions, both ends included. */
  upwards(stream: number, from: number, to: number): Iterable<number>
  downwards(stream: number, from: number, to: number): Iterable<number>
  /** A commit's events and where it ends: seen at once, on disk in a while. */
  add(events: readonly Indexed[], end: number): void
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

/**
 * So many events wait for each other before they go to LMDB, which writes a whole page (4 KiB) for every stream among them
 * that has one of its own: the more there are of a stream, the fewer bytes for each.
 */
const FLUSHED_TOGETHER = 32 * 1024

/** Of those, so many in one transaction: half a millisecond, a tenth of it on this thread (measured). */
const IN_ONE_TRANSACTION = 512

/** The most that is kept in memory, 60 MB where each is of another stream (measured): where LMDB cannot follow, commits wait. */
const MOST_RECENT = 256 * 1024

const COVERAGE = 'coverage'

/** Where LMDB stands. Nothing: it is new, or of another log, and is begun anew. */
export const coverageOf = (environment: RootDatabase): Coverage | undefined => tables(environment).notes.get(COVERAGE)

export const clearIndex = async (environment: RootDatabase): Promise<void> => {
  const { revisions, names, notes } = tables(environment)
  await environment.batch(() => [revisions.clearAsync(), names.clearAsync(), notes.remove(COVERAGE)])
}

export const openStreamIndex = (
  environment: RootDatabase,
  log: string,
  flushedTogether = FLUSHED_TOGETHER,
): StreamIndex => {
  const { revisions, names, notes } = tables(environment)
  /** Oldest first: what is on its way to LMDB, which may have part of it, and what came since. */
  const recent: RecentIndex[] = [recentIndex()]
  let flushing: Promise<void> | undefined
  let failure: Error | undefined

  const transaction = async (puts: () => void): Promise<void> => {
    if (!(await environment.batch(puts).catch(rethrowCause))) throw new Error('LMDB did not store the index')
  }

  /** The revisions in the order of LMDB's pages, then the names, and last how far it goes. */
  const store = async (index: RecentIndex): Promise<void> => {
    for (const slice of slices(entriesOf(index)))
      await transaction(() => {
        for (const { stream, revision, position } of slice) void revisions.put([stream, revision], position)
      })
    for (const slice of slices(index.names))
      await transaction(() => {
        for (const [name, stream] of slice) void names.put(name, stream)
      })
    await transaction(() => void notes.put(COVERAGE, { log, to: index.end() }))
    environment.resetReadTxn() // reads share one snapshot a turn of the event loop: those that follow must see this
  }

  /** Stores the recent ones, as long as there are so many. */
  const flushWhile = async (least: number): Promise<void> => {
    while (recent.at(-1)!.size() >= least) {
      const oldest = recent.at(-1)!
      recent.push(recentIndex())
      await store(oldest)
      recent.shift()
    }
  }

  const inMemory = function* (stream: number) {
    for (const each of recent) {
      const latest = each.streams.get(stream)
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
        const key = each.names.get(name)
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
    add: (events, end) => {
      const young = recent.at(-1)!
      young.add(events, end)
      if (flushing || young.size() < flushedTogether) return
      flushing = flushWhile(flushedTogether)
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

function* entriesOf({ streams }: RecentIndex): Iterable<Omit<Indexed, 'opens'>> {
  for (const stream of [...streams.keys()].sort((a, b) => a - b)) {
    const { revisions, positions } = streams.get(stream)!
    for (const [i, revision] of revisions.entries()) yield { stream, revision, position: positions[i]! }
  }
}

function* slices<T>(items: Iterable<T>): Iterable<T[]> {
  let slice: T[] = []
  for (const item of items) {
    if (slice.push(item) < IN_ONE_TRANSACTION) continue
    yield slice
    slice = []
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
