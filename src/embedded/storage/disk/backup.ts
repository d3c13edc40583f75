// Copies the log to another folder, checked on the way; what is there already is not copied again. It reads only, and may
// run beside the node: it takes what it finds, up to the last whole commit.
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FIRST_POSITION } from '../port.ts'
import { recordBefore, scanCommits } from './scan.ts'
import { createSegment, listSegments, offsetIn, syncFolder } from './segments.ts'
import type { Segment } from './segments.ts'

export interface BackupReport {
  /** What was copied this time. */
  events: number
  bytes: number
  /** Where the backup ends now. */
  end: number
}

/** A backup is a data folder without its index: a node that is started on a copy of it makes one. */
export const backupDataFolder = (dir: string, to: string): BackupReport => {
  const source = existsSync(dir) ? listSegments(dir) : undefined
  if (!source) throw new Error(`${dir} has no log in it`)
  if (existsSync(join(to, 'index'))) throw new Error(`${to} is a node's data folder: give the backup one of its own`)
  mkdirSync(to, { recursive: true })
  const { log, segments } = source
  const copied = listSegments(to) ?? { log, segments: [createSegment(to, log, FIRST_POSITION)] }
  if (copied.log !== log) throw new Error(`${to} has a backup of another log: give this one a folder of its own`)
  const from = endOf(copied.segments)
  if (from !== FIRST_POSITION && !sameBefore(from, segments, copied.segments))
    throw new Error(`${to} has events up to position ${from} that ${dir} has not: it is of another history`)

  let events = 0
  let end = from
  let copy: Copy | undefined
  const commits = scanCommits(segments, from)
  for (const { segment, position, bytes, records } of commits) {
    if (copy?.segment.start !== segment.start) {
      closeCopy(copy)
      copy = openCopy(to, log, segment.start, position, copied.segments)
    }
    writeAll(copy.file, bytes, offsetIn(segment, position))
    events += records.length
    end = position + bytes.length
  }
  closeCopy(copy)
  syncFolder(to)
  return { events, bytes: end - from, end }
}

/** Where a backup's whole commits end: one that was broken off has half a commit behind them. */
const endOf = (segments: readonly Segment[]): number => {
  const last = segments.at(-1)!
  let end = last.start
  for (const { position, bytes } of scanCommits([last], last.start)) end = position + bytes.length
  return end
}

const sameBefore = (position: number, a: readonly Segment[], b: readonly Segment[]): boolean => {
  const [one, other] = [recordBefore(a, position), recordBefore(b, position)]
  return one !== undefined && other !== undefined && one.equals(other)
}

interface Copy {
  segment: Segment
  file: number
}

const openCopy = (to: string, log: string, start: number, at: number, copied: readonly Segment[]): Copy => {
  const segment = copied.find(known => known.start === start) ?? createSegment(to, log, start)
  const file = openSync(segment.path, 'r+')
  ftruncateSync(file, offsetIn(segment, at))
  return { segment, file }
}

const closeCopy = (copy: Copy | undefined): void => {
  if (!copy) return
  fsyncSync(copy.file)
  closeSync(copy.file)
}

const writeAll = (file: number, bytes: Buffer, at: number): void => {
  for (let written = 0; written < bytes.length;)
    written += writeSync(file, bytes, written, bytes.length - written, at + written)
}
