// The log's files: what they are called, what stands at their head, and how one is made so that it is whole or not there.
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FIRST_POSITION } from '../port.ts'

/** A segment holds a stretch of the log: its header, then the bytes from position `start` on, one after the other. */
export interface Segment {
  path: string
  start: number
}

/** What a segment's first line says. */
interface SegmentHeader {
  format: number
  /** The log's own id, in all its segments. */
  log: string
  start: number
}

/** One line of JSON, padded with spaces: `head -1` shows it. */
export const SEGMENT_HEADER = 128

const FORMAT = 2

/** Where in its file a position is. */
export const offsetIn = ({ start }: Segment, position: number): number => SEGMENT_HEADER + position - start

const SUFFIX = '.log'

/** All of a folder's segments, in the order of the log; checks that they are of one log and that the first is there. */
export const listSegments = (dir: string): { log: string; segments: Segment[] } | undefined => {
  const names = readdirSync(dir).filter(name => name.endsWith(SUFFIX))
  const found = names.sort().map(name => ({ path: join(dir, name), header: readHeader(join(dir, name)) }))
  const [first] = found
  if (!first) return undefined
  if (first.header.start !== FIRST_POSITION)
    throw new Error(`${dir} has no beginning of the log: ${first.path} starts at position ${first.header.start}`)
  const stranger = found.find(({ header }) => header.log !== first.header.log)
  if (stranger) throw new Error(`${stranger.path} belongs to another log than ${first.path}: move it out of the folder`)
  return { log: first.header.log, segments: found.map(({ path, header }) => ({ path, start: header.start })) }
}

const readHeader = (path: string): SegmentHeader => {
  const bytes = Buffer.alloc(SEGMENT_HEADER)
  const file = openSync(path, 'r')
  try {
    readSync(file, bytes, 0, SEGMENT_HEADER, 0)
  } finally {
    closeSync(file)
  }
  const header = parseHeader(bytes.toString('latin1'))
  if (!header) throw new Error(`${path} does not begin as a file of the log does: restore it from a backup`)
  if (header.format !== FORMAT)
    throw new Error(`${path} was written in format ${header.format}; this store reads format ${FORMAT}`)
  return header
}

const parseHeader = (text: string): SegmentHeader | undefined => {
  try {
    const { format, log, start } = JSON.parse(text) as Partial<Record<keyof SegmentHeader, unknown>>
    if (typeof format !== 'number' || typeof log !== 'string' || !Number.isSafeInteger(start)) return undefined
    return { format, log, start: start as number }
  } catch {
    return undefined
  }
}

/** Makes the segment that begins at `start`. Under its name there is never half a header: it is renamed when it is whole. */
export const createSegment = (dir: string, log: string, start: number): Segment => {
  const path = join(dir, `${String(start).padStart(16, '0')}${SUFFIX}`)
  const header: SegmentHeader = { format: FORMAT, log, start }
  const file = openSync(`${path}.new`, 'w')
  try {
    writeSync(file, `${JSON.stringify(header).padEnd(SEGMENT_HEADER - 1)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  syncFolder(dir)
  return { path, start }
}

export const newLog = (): string => randomUUID()

/** A file's name must survive a loss of power too. */
export const syncFolder = (path: string): void => {
  if (process.platform === 'win32') return // which cannot open folders
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
