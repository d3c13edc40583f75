// The part of the index that is not on disk yet: streams by name, and each stream's latest revisions.

/** What the index keeps of an event. */
export interface Indexed {
  position: number
  /** The stream's key: the position of its first event. */
  stream: number
  revision: number
  /** The stream's name, on the event that opens it. */
  opens?: string
}

/** A stream's revisions here and their positions, both rising. */
interface Latest {
  revisions: number[]
  positions: number[]
}

export interface RecentIndex {
  /** A commit's events, and where it ends. */
  add(events: readonly Indexed[], end: number): void
  /** Where the last commit here ends. */
  end(): number
  /** Events in all. */
  size(): number
  names: ReadonlyMap<string, number>
  streams: ReadonlyMap<number, Latest>
}

export const recentIndex = (): RecentIndex => {
  const names = new Map<string, number>()
  const streams = new Map<number, Latest>()
  let size = 0
  let end = 0
  return {
    names,
    streams,
    size: () => size,
    end: () => end,
    add: (events, commitEnd) => {
      for (const { position, stream, revision, opens } of events) {
        if (opens !== undefined) names.set(opens, stream)
        const latest = streams.get(stream)
        if (latest) {
          latest.revisions.push(revision)
          latest.positions.push(position)
        } else streams.set(stream, { revisions: [revision], positions: [position] })
      }
      size += events.length
      end = commitEnd
    },
  }
}
