// The log on disk: files that hold it, an index to find streams in it, and what opening does to make the two agree.
import { positionAfter, revisionOf, positionOf, streamOf } from '../../engine/event-record.ts'
import type { EventRecord } from '../../engine/event-record.ts'
import { FIRST_POSITION, takePage } from '../port.ts'
import type { LogStorage } from '../port.ts'
import { takeDataFolder } from './data-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { openLogFiles } from './log-files.ts'
import type { Indexed } from './recent-index.ts'
import { recordBefore, scanCommits } from './scan.ts'
import type { LogEnd } from './scan.ts'
import { createSegment, listSegments, newLog } from './segments.ts'
import { clearIndex, coverageOf, openStreamIndex } from './stream-index.ts'
import type { StreamIndex } from './stream-index.ts'

const SEGMENT_SIZE = 256 * 1024 * 1024

interface DiskOptions {
  /** What opening found and did, one line each. */
  log: (line: string) => void
  /** A new file beyond so many bytes: small enough to copy and to look at one by one. */
  segmentSize?: number
  /** So many events of the index go to disk together. */
  flushedTogether?: number
}

/** Rejects where the folder is in use, of another format, or lacks events that it once had. */
export const openDiskStorage = async (dir: string, options: DiskOptions): Promise<LogStorage> => {
  const folder = takeDataFolder(dir)
  try {
    return await openLog(folder, options)
  } catch (error) {
    await folder.release()
    throw error
  }
}

const openLog = async (
  folder: DataFolder,
  { log: say, segmentSize = SEGMENT_SIZE, flushedTogether }: DiskOptions,
): Promise<LogStorage> => {
  const { path, environment, release } = folder
  const covered = coverageOf(environment)
  const found = listSegments(path)
  if (!found && covered)
    throw new Error(
      `${path} has an index of a log that is not there: restore it from a backup, or remove ${path}/index`,
    )
  const { log, segments } = found ?? beginLog(path)
  if (covered && covered.log !== log) await clearIndex(environment)
  const from = covered?.log === log ? covered.to : FIRST_POSITION
  if (from !== FIRST_POSITION && !recordBefore(segments, from))
    throw new Error(
      `${path} lacks events that were acknowledged: its index knows the log up to position ${from}, and no event ends ` +
        `there. Restore it from a backup, or remove ${path}/index to go on with what there is`,
    )
  const index = openStreamIndex(environment, log, flushedTogether)
  const { position: end, torn } = await indexFrom(index, scanCommits(segments, from))
  if (torn > 0) say(`embedded store: ${torn} bytes of a write that was cut off, and never acknowledged, were dropped`)
  const files = openLogFiles({ dir: path, log, segments, end, segmentSize })

  function* events(positions: Iterable<number>): Iterable<EventRecord> {
    for (const position of positions) yield files.at(position)
  }

  return {
    end: files.end,
    holds: files.holds,
    commit: async entries => {
      await index.room()
      await files.append(entries.map(({ record }) => record))
      index.add(entries, files.end())
    },
    streamKey: index.streamKey,
    lastRevision: index.lastRevision,
    eventAt: (stream, revision) => {
      const position = index.positionOf(stream, revision)
      return position === undefined ? undefined : files.at(position)
    },
    forward: files.forward,
    backward: files.backward,
    streamForward: (stream, from, to, limit) => takePage(events(index.upwards(stream, from, to)), limit),
    streamBackward: (stream, from, to, limit) => takePage(events(index.downwards(stream, from, to)), limit),
    close: async () => {
      try {
        await index.flush()
      } finally {
        await files.close()
        await release()
      }
    },
  }
}

const beginLog = (path: string) => {
  const log = newLog()
  return { log, segments: [createSegment(path, log, FIRST_POSITION)] }
}

/** Puts into the index what it does not have yet; returns where the log ends. */
const indexFrom = async (
  index: StreamIndex,
  commits: Generator<{ records: EventRecord[] }, LogEnd>,
): Promise<LogEnd> => {
  for (;;) {
    const { done, value } = commits.next()
    if (done) return value
    index.add(indexed(index, value.records), positionAfter(value.records.at(-1)!))
    await index.room()
  }
}

const indexed = (index: StreamIndex, records: readonly EventRecord[]): Indexed[] => {
  const opened = new Map<string, number>()
  return records.map(record => {
    const name = streamOf(record)
    const position = positionOf(record)
    const known = opened.get(name) ?? index.streamKey(name)
    if (known === undefined) opened.set(name, position)
    return {
      position,
      stream: known ?? position,
      revision: revisionOf(record),
      ...(known === undefined ? { opens: name } : {}),
    }
  })
}
