// The log on disk: commits are written one behind the other, each on disk before it is answered, and records read back by
// position.
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  write as writeAt,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import { RECORD_TRAILER } from '../../engine/event-record.ts'
import type { EventRecord } from '../../engine/event-record.ts'
import type { PageLimit } from '../port.ts'
import { lengthAt, recordAt, sealCommit } from './commit.ts'
import { LogDamaged, pread } from './scan.ts'
import { createSegment, offsetIn } from './segments.ts'
import type { Segment } from './segments.ts'

export interface LogFiles {
  /** Where the log ends: what is before it is on disk. */
  end(): number
  /** Resolves when these are on disk. One at a time. */
  append(records: readonly EventRecord[]): Promise<void>
  /** The event at this position. All readers throw LogDamaged where it is not as it was written. */
  at(position: number): EventRecord
  holds(position: number): boolean
  forward(from: number, limit: PageLimit): EventRecord[]
  backward(before: number, limit: PageLimit): EventRecord[]
  close(): Promise<void>
}

export interface LogFilesOptions {
  dir: string
  log: string
  segments: readonly Segment[]
  /** Where the whole commits end; what is behind is thrown away. */
  end: number
  /** A new file beyond so many bytes. */
  segmentSize: number
}

/**
 * The file is made longer ahead of the commits, so that a commit's sync has no new length to store: measured, 0.10 ms
 * a commit instead of 0.13, and 0.19 for a write and fdatasync.
 */
const ROOM_AHEAD = 1024 * 1024
const LEAST_ROOM = 512 * 1024

/** Files kept open for reading. */
const MOST_OPEN = 128

/** One record is read with a guess of its length: most need no second read. */
const USUAL_RECORD = 2048

const NOTHING = Buffer.alloc(0)

const write = promisify(writeAt)
const sync = promisify(fdatasync)

// On Linux one system call writes and syncs. Elsewhere the flag does not reach the disk, or is not there.
const SYNC_ON_WRITE = process.platform === 'linux'
const WRITE_FLAGS = constants.O_WRONLY | (SYNC_ON_WRITE ? constants.O_DSYNC : 0)

/**
 * While the disk takes less than this (milliseconds), small commits are written by this thread and not handed to another: each
 * hand-over has to wait for a core, and where all are busy that is up to a tick of the scheduler (4 ms), longer than the disk takes.
 * On a slower disk one in so many still is, to see how slow it is.
 */
const QUICK_DISK = 0.5
const SMALL_COMMIT = 64 * 1024
const LOOKED_AT = 16
/** What one commit counts for at most (milliseconds): a disk that stood still once is not slow for long. */
const MOST_COUNTED = 5

const durableWriter = () => {
  /** What those took that were written by this thread lately (milliseconds), the last ones most. */
  let usual = 0
  let small = 0

  const writeHere = (file: number, bytes: Buffer, at: number): number => {
    const began = performance.now()
    const written = writeSync(file, bytes, 0, bytes.length, at)
    usual += (Math.min(performance.now() - began, MOST_COUNTED) - usual) / 8
    return written
  }

  return async (file: number, bytes: Buffer, at: number): Promise<void> => {
    const here = SYNC_ON_WRITE && bytes.length <= SMALL_COMMIT && (small++ % LOOKED_AT === 0 || usual < QUICK_DISK)
    const written = here ? writeHere(file, bytes, at) : (await write(file, bytes, 0, bytes.length, at)).bytesWritten
    if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written: disk full?`)
    if (!SYNC_ON_WRITE) await sync(file)
  }
}

export const openLogFiles = ({ dir, log, segments: found, end: foundEnd, segmentSize }: LogFilesOptions): LogFiles => {
  const segments = [...found]
  let end = foundEnd
  let current = segments.at(-1)!
  let file = openForWriting(current, end)
  let room = offsetIn(current, end) // up to here the file has been made long enough
  let growing: Promise<void> | undefined
  const writeDurably = durableWriter()

  const readers = new LRUCache<string, number>({ max: MOST_OPEN, dispose: descriptor => closeSync(descriptor) })
  const readerOf = ({ path }: Segment): number => {
    const known = readers.get(path)
    if (known !== undefined) return known
    const opened = openSync(path, 'r')
    readers.set(path, opened)
    return opened
  }

  const segmentAt = (position: number): Segment => {
    let i = segments.length - 1
    while (i > 0 && segments[i]!.start > position) i--
    return segments[i]!
  }
  const endOf = (segment: Segment): number =>
    segment === current ? end : segments[segments.indexOf(segment) + 1]!.start

  const bytesAt = (segment: Segment, position: number, length: number): Buffer =>
    pread(readerOf(segment), offsetIn(segment, position), Math.min(length, endOf(segment) - position))

  /** The record at this position, of which these bytes may hold all or the beginning. */
  const find = (segment: Segment, bytes: Buffer, at: number, position: number): EventRecord | undefined => {
    const found = recordAt(bytes, at, position)
    if (found) return found
    const head = bytesAt(segment, position, USUAL_RECORD)
    const length = lengthAt(head, 0, position)
    if (length === undefined) return undefined
    return recordAt(length <= head.length ? head : bytesAt(segment, position, length), 0, position)
  }

  const recordIn = (segment: Segment, bytes: Buffer, at: number, position: number): EventRecord => {
    const record = find(segment, bytes, at, position)
    if (!record) throw new LogDamaged(position, segment.path, 'the event there is not as it was written')
    return record
  }

  /** Makes room in the background; where that fails, the commit that needs it will say so. */
  const grow = (): void => {
    if (growing || room - offsetIn(current, end) >= LEAST_ROOM) return
    const at = room
    growing = write(file, Buffer.alloc(ROOM_AHEAD), 0, ROOM_AHEAD, at)
      .then(({ bytesWritten }) => void (room = at + bytesWritten))
      .catch(() => undefined)
      .finally(() => (growing = undefined))
  }

  const startSegment = async (): Promise<void> => {
    await growing
    ftruncateSync(file, offsetIn(current, end))
    closeSync(file)
    current = createSegment(dir, log, end)
    segments.push(current)
    file = openForWriting(current, end)
    room = offsetIn(current, end)
  }

  return {
    end: () => end,
    append: async records => {
      if (end - current.start >= segmentSize) await startSegment()
      const commit = sealCommit(records)
      const at = offsetIn(current, end)
      // zeros on their way to where this goes must not come after it
      if (at + commit.length > room) await growing
      await writeDurably(file, commit, at)
      end += commit.length
      room = Math.max(room, offsetIn(current, end))
      grow()
    },
    at: position => recordIn(segmentAt(position), NOTHING, 0, position),
    holds: position =>
      position >= segments[0]!.start && position < end && find(segmentAt(position), NOTHING, 0, position) !== undefined,
    forward: (from, limit) => {
      const page: EventRecord[] = []
      let position = from
      let left = limit.bytes
      while (position < end && left > 0 && page.length < limit.events) {
        const segment = segmentAt(position)
        const bytes = bytesAt(segment, position, Math.max(left, USUAL_RECORD))
        let at = 0
        while (at < bytes.length && left > 0 && page.length < limit.events) {
          const record = recordIn(segment, bytes, at, position)
          page.push(record)
          position += record.length
          at += record.length
          left -= record.length
        }
      }
      return page
    },
    backward: (before, limit) => {
      const page: EventRecord[] = []
      let position = before
      let left = limit.bytes
      while (position > segments[0]!.start && left > 0 && page.length < limit.events) {
        const segment = segmentAt(position - 1)
        const from = Math.max(segment.start, position - USUAL_RECORD)
        const bytes = bytesAt(segment, from, position - from)
        const begin = position - bytes.readUInt32BE(bytes.length - RECORD_TRAILER)
        if (begin < segment.start || begin >= position)
          throw new LogDamaged(position, segment.path, 'the event before it is not as it was written')
        const record = recordIn(segment, begin < from ? NOTHING : bytes, Math.max(0, begin - from), begin)
        page.push(record)
        position = begin
        left -= record.length
      }
      return page
    },
    close: async () => {
      await growing
      ftruncateSync(file, offsetIn(current, end))
      closeSync(file)
      readers.clear()
    },
  }
}

/** Opens the last segment for more, without what a write that was cut off has left in it. */
const openForWriting = (segment: Segment, end: number): number => {
  const file = openSync(segment.path, WRITE_FLAGS)
  if (fstatSync(file).size > offsetIn(segment, end)) {
    ftruncateSync(file, offsetIn(segment, end))
    fsyncSync(file)
  }
  return file
}
