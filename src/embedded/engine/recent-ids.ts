// Which event ids were stored lately, and where: EventStoreDB's best-effort idempotency for writers that expect nothing.

interface StoredAt {
  revision: number
  position: number
}

export interface RecentIds {
  find(stream: string, id: string): StoredAt | undefined
  add(stream: string, id: string, at: StoredAt): void
  /** Forgets the oldest beyond the capacity, but none that is not yet durable: those the log cannot answer for. */
  trim(durable: number): void
}

export const recentIds = (capacity: number): RecentIds => {
  const stored = new Map<string, StoredAt>()
  // an id stored in two streams is two events: the key has both
  const keyOf = (stream: string, id: string): string => id + stream
  return {
    find: (stream, id) => stored.get(keyOf(stream, id)),
    add: (stream, id, at) => {
      const key = keyOf(stream, id)
      stored.delete(key) // so that the map's order stays that of positions
      stored.set(key, at)
    },
    trim: durable => {
      for (const [key, at] of stored) {
        if (stored.size <= capacity || at.position >= durable) return
        stored.delete(key)
      }
    },
  }
}
