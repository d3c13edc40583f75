// The log's live end: tells who follows $all or one stream what was just committed.
import { frameOf, streamOf } from './event-record.ts'
import type { EventRecord } from './event-record.ts'

/** One commit, as its followers get it. */
export interface Committed {
  records: readonly EventRecord[]
  bytes: number
  /** All frames in one piece, made once for everybody who wants them all. */
  frames(): Buffer
}

export type Follower = (committed: Committed) => void

export interface Tail {
  /** Both return how to stop following. */
  followAll(follower: Follower): () => void
  followStream(stream: string, follower: Follower): () => void
  publish(records: readonly EventRecord[]): void
}

export const logTail = (): Tail => {
  const ofAll = new Set<Follower>()
  const ofStream = new Map<string, Set<Follower>>()

  return {
    followAll: follower => {
      ofAll.add(follower)
      return () => ofAll.delete(follower)
    },
    followStream: (stream, follower) => {
      const followers = ofStream.get(stream) ?? new Set()
      ofStream.set(stream, followers.add(follower))
      return () => {
        followers.delete(follower)
        if (followers.size === 0 && ofStream.get(stream) === followers) ofStream.delete(stream)
      }
    },
    publish: records => {
      if (records.length === 0) return
      const everything = committed(records)
      for (const follower of ofAll) follower(everything)
      if (ofStream.size === 0) return
      for (const [stream, some] of byStream(records, ofStream)) {
        const part = committed(some)
        for (const follower of ofStream.get(stream) ?? []) follower(part)
      }
    },
  }
}

const byStream = (
  records: readonly EventRecord[],
  wanted: { has(stream: string): boolean },
): Map<string, EventRecord[]> => {
  const groups = new Map<string, EventRecord[]>()
  for (const record of records) {
    const stream = streamOf(record)
    if (!wanted.has(stream)) continue
    const group = groups.get(stream)
    if (group) group.push(record)
    else groups.set(stream, [record])
  }
  return groups
}

const committed = (records: readonly EventRecord[]): Committed => {
  let joined: Buffer | undefined
  const bytes = records.reduce((sum, record) => sum + record.length, 0)
  return { records, bytes, frames: () => (joined ??= Buffer.concat(records.map(frameOf))) }
}
