// Checks a whole data folder: every event as it was written, every stream's revisions without a gap, the index as the log.
// It reads only, and may run beside the node.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { positionOf, revisionOf, streamOf } from '../../engine/event-record.ts'
import { TOMBSTONE } from '../../engine/stream-heads.ts'
import { FIRST_POSITION } from '../port.ts'
import { scanCommits } from './scan.ts'
import { listSegments } from './segments.ts'
import { coverageOf, openStreamIndex } from './stream-index.ts'
import type { StreamIndex } from './stream-index.ts'

export interface LogReport {
  files: number
  events: number
  streams: number
  /** Where the log ends. */
  end: number
  /** Bytes behind the end, of a write that was cut off or is under way. */
  torn: number
  /** Up to where the index knows the log; undefined where there is none, and the next start makes it. */
  indexedTo: number | undefined
}

/** Throws at the first thing that is not right, saying what and where. */
export const checkDataFolder = async (dir: string): Promise<LogReport> => {
  const found = existsSync(dir) ? listSegments(dir) : undefined
  if (!found) throw new Error(`${dir} has no log in it`)
  const { log, segments } = found
  const index = openForReading(join(dir, 'index'), log)
  try {
    const streams = new Map<string, { key: number; last: number }>()
    let events = 0
    const commits = scanCommits(segments, FIRST_POSITION)
    for (;;) {
      const { done, value } = commits.next()
      if (done) {
        const { position: end, torn } = value
        if (index && index.to > end)
          throw new Error(`events are missing: the log ends at ${end}, its index at ${index.to}`)
        return { files: segments.length, events, streams: streams.size, end, torn, indexedTo: index?.to }
      }
      for (const record of value.records) {
        events++
        const name = streamOf(record)
        const position = positionOf(record)
        const revision = revisionOf(record)
        const stream = streams.get(name) ?? { key: position, last: -1 }
        if (revision !== stream.last + 1 && revision !== TOMBSTONE)
          throw new Error(`stream ${name} goes from revision ${stream.last} to ${revision} at position ${position}`)
        stream.last = revision
        streams.set(name, stream)
        if (index && position < index.to) checkIndexed(index.streams, name, stream.key, revision, position)
      }
    }
  } finally {
    await index?.close()
  }
}

const checkIndexed = (index: StreamIndex, name: string, key: number, revision: number, position: number): void => {
  if (index.streamKey(name) !== key || index.positionOf(key, revision) !== position)
    throw new Error(
      `the index has another place for revision ${revision} of stream ${name} than ${position}: ` +
        `remove the index folder, the next start makes it anew`,
    )
}

const openForReading = (path: string, log: string) => {
  if (!existsSync(join(path, 'data.mdb'))) return undefined
  const environment = open({ path, readOnly: true, maxDbs: 8, noSubdir: false })
  const close = () => environment.close()
  const coverage = coverageOf(environment)
  if (coverage?.log !== log) return void close()
  return { to: coverage.to, streams: openStreamIndex(environment, log), close }
}
