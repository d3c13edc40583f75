// A commit on disk: its records in one piece, each with a checksum and its place in the commit, so that a write that was cut
// off is told from one that was not, and damage from either.
import { crc32 } from 'node:zlib'
import {
  CHECKSUM,
  COMMIT_LENGTH,
  COMMIT_OFFSET,
  LENGTH,
  POSITION,
  RECORD_HEADER,
  RECORD_TRAILER,
} from '../../engine/event-record.ts'
import type { EventRecord } from '../../engine/event-record.ts'

/** Fills in what of the records is storage's, and joins them for one write. */
export const sealCommit = (records: readonly EventRecord[]): Buffer => {
  const commit = Buffer.concat(records)
  let at = 0
  for (const { length } of records) {
    commit.writeUInt32BE(at, at + COMMIT_OFFSET)
    commit.writeUInt32BE(commit.length, at + COMMIT_LENGTH)
    commit.writeUInt32BE(checksumOf(commit.subarray(at, at + length)), at + CHECKSUM)
    at += length
  }
  return commit
}

/** CRC-32 (IEEE 802.3) of all that follows it in the record. */
const checksumOf = (record: Buffer): number => crc32(record.subarray(COMMIT_OFFSET))

const SHORTEST = RECORD_HEADER + RECORD_TRAILER

/** The length a record gives itself, where these bytes could begin one that stands at this position. */
export const lengthAt = (bytes: Buffer, at: number, position: number): number | undefined => {
  if (bytes.length - at < RECORD_HEADER || bytes.readDoubleBE(at + POSITION) !== position) return undefined
  const length = bytes.readUInt32BE(at + LENGTH)
  return length < SHORTEST ? undefined : length
}

/** The record at this position, where it is whole and as it was written. */
export const recordAt = (bytes: Buffer, at: number, position: number): EventRecord | undefined => {
  const length = lengthAt(bytes, at, position)
  if (length === undefined || bytes.length - at < length) return undefined
  const record = bytes.subarray(at, at + length)
  const intact =
    record.readUInt32BE(CHECKSUM) === checksumOf(record) && record.readUInt32BE(length - RECORD_TRAILER) === length
  return intact ? record : undefined
}

/** How long the commit is that begins with this record. */
export const commitLengthAt = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at + COMMIT_LENGTH)

/** Where the commit begins that this record is part of. */
export const commitOf = (record: EventRecord, position: number): number => position - record.readUInt32BE(COMMIT_OFFSET)

/** The records of one commit, where these bytes are a whole one. */
export const openCommit = (commit: Buffer, position: number): EventRecord[] | undefined => {
  const records: EventRecord[] = []
  let at = 0
  while (at < commit.length) {
    const record = recordAt(commit, at, position + at)
    if (!record || record.readUInt32BE(COMMIT_OFFSET) !== at || commitLengthAt(record, 0) !== commit.length)
      return undefined
    records.push(record)
    at += record.length
  }
  return records.length > 0 ? records : undefined // a damaged record may say that its commit has no length
}
