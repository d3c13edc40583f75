// Goes through the log from one commit on, checking everything: on opening, to make an index, to check, to copy.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { RECORD_HEADER, RECORD_TRAILER } from '../../engine/event-record.ts'
import type { EventRecord } from '../../engine/event-record.ts'
import { commitLengthAt, commitOf, lengthAt, openCommit, recordAt } from './commit.ts'
import { offsetIn } from './segments.ts'
import type { Segment } from './segments.ts'

export interface Commit {
  segment: Segment
  position: number
  bytes: Buffer
  records: EventRecord[]
}

/** Where the whole commits end. `torn`: bytes behind them, of a write that was cut off and that nobody was told of. */
export interface LogEnd {
  position: number
  torn: number
}

/** What was once on disk is not there any more as it was written. */
export class LogDamaged extends Error {
  constructor(position: number, path: string, what: string) {
    super(`the log is damaged at position ${position} (in ${path}): ${what}. Restore it from a backup`)
  }
}

/** `from` is where a commit begins, or the end. Throws LogDamaged where events that were acknowledged are missing. */
export function* scanCommits(segments: readonly Segment[], from: number): Generator<Commit, LogEnd> {
  let position = from
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]?.start
    if (next !== undefined && next <= position) continue
    const file = openSync(segment.path, 'r')
    try {
      position = yield* commitsIn(segment, file, position)
      while (next === undefined) {
        const torn = remainder(segment, file, position)
        if (torn !== 'later commits') return { position, torn }
        // of a node that runs they may have been written meanwhile
        const further = yield* commitsIn(segment, file, position)
        if (further === position)
          throw new LogDamaged(position, segment.path, 'an event is not as it was written, and others follow it')
        position = further
      }
    } finally {
      closeSync(file)
    }
    if (position !== next) throw new LogDamaged(position, segment.path, `no event is to be read up to position ${next}`)
  }
  return { position, torn: 0 }
}

/** Yields the whole commits of one segment, and returns where they end. */
function* commitsIn(segment: Segment, file: number, from: number): Generator<Commit, number> {
  const read = readerOf(file)
  let position = from
  for (;;) {
    const at = offsetIn(segment, position)
    const head = read(at, RECORD_HEADER)
    if (lengthAt(head, 0, position) === undefined) return position
    const bytes = read(at, commitLengthAt(head, 0))
    const records = bytes.length === commitLengthAt(head, 0) ? openCommit(bytes, position) : undefined
    if (!records) return position
    yield { segment, position, bytes, records }
    position += bytes.length
  }
}

/** The event that ends at this position, where there is one and it is as it was written. */
export const recordBefore = (segments: readonly Segment[], position: number): EventRecord | undefined => {
  const segment = segments.findLast(({ start }) => start < position)
  if (!segment) return undefined
  const file = openSync(segment.path, 'r')
  try {
    const end = offsetIn(segment, position)
    const trailer = pread(file, end - RECORD_TRAILER, RECORD_TRAILER)
    const length = trailer.length < RECORD_TRAILER ? 0 : trailer.readUInt32BE(0)
    if (length === 0 || length > position - segment.start) return undefined
    const record = recordAt(pread(file, end - length, length), 0, position - length)
    return record?.length === length ? record : undefined
  } finally {
    closeSync(file)
  }
}

const CHUNK = 4 * 1024 * 1024

/** Reads ahead in large pieces: `read(at, length)` gives as many of those bytes as the file has. */
const readerOf = (file: number): ((at: number, length: number) => Buffer) => {
  let chunk: Buffer = Buffer.alloc(0)
  let start = 0
  return (at, length) => {
    if (at < start || at + length > start + chunk.length) {
      const left = Math.max(0, fstatSync(file).size - at)
      chunk = pread(file, at, Math.min(left, Math.max(length, CHUNK)))
      start = at
    }
    return chunk.subarray(at - start, at - start + length)
  }
}

/** As many of these bytes as the file has. */
export const pread = (file: number, at: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(length)
  let got = 0
  while (got < length) {
    const more = readSync(file, bytes, got, length - got, at + got)
    if (more === 0) break
    got += more
  }
  return bytes.subarray(0, got)
}

const BLOCK = 4096
const ZEROS = Buffer.alloc(BLOCK + RECORD_HEADER)

/**
 * What follows the last whole commit: how many bytes, or that a record of a later commit is among them. One write is under
 * way at a time, and the next begins when it is on disk: what a write that was cut off leaves behind is of one commit.
 */
const remainder = (segment: Segment, file: number, end: number): number | 'later commits' => {
  const read = readerOf(file)
  const begin = offsetIn(segment, end)
  let torn = 0
  for (let at = begin; ; at += BLOCK) {
    const block = read(at, BLOCK + RECORD_HEADER)
    if (block.length === 0) return torn
    if (ZEROS.compare(block, 0, block.length, 0, block.length) === 0) continue
    const inside = Math.min(BLOCK, block.length)
    torn = at + inside - begin
    for (let i = 0; i < inside; i++) {
      const position = end + at + i - begin
      const length = lengthAt(block, i, position)
      if (length === undefined) continue
      const record = recordAt(read(at + i, length), 0, position)
      if (record && commitOf(record, position) > end) return 'later commits'
    }
  }
}
