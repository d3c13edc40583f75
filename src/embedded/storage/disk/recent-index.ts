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

export interface IndexedCommit {
  events: readonly Indexed[]
  /** Where the commit ends. */
  end: number
}

interface Latest {
  revisions: number[]
  positions: number[]
}

export interface RecentIndex {
  add(commit: IndexedCommit): void
  commits: readonly IndexedCommit[]
  /** Events in all. */
  size(): number
  streamKey(name: string): number | undefined
  /** A stream's revisions here and their positions, both rising. */
  latest(stream: number): Latest | undefined
}

export const recentIndex = (): RecentIndex => {
  const commits: IndexedCommit[] = []
  const keys = new Map<string, number>()
  const streams = new Map<number, Latest>()
  let size = 0

  const addEvent = ({ position, stream, revision, opens }: Indexed): void => {
    if (opens !== undefined) keys.set(opens, stream)
    const latest = streams.get(stream)
    if (latest) {
      latest.revisions.push(revision)
      latest.positions.push(position)
    } else streams.set(stream, { revisions: [revision], positions: [position] })
  }

  return {
    commits,
    size: () => size,
    add: commit => {
      commits.push(commit)
      size += commit.events.length
      commit.events.forEach(addEvent)
    },
    streamKey: name => keys.get(name),
    latest: stream => streams.get(stream),
  }
}
