// Decides an append: what the writer expects of the stream against what the stream is (EventStoreDB's IndexWriter rules).

// Expected revisions, and where a stream stands, as EventStoreDB numbers them.
export const NO_STREAM = -1
export const ANY = -2
export const STREAM_EXISTS = -4

export interface StreamState {
  /** The last revision, NO_STREAM where there is none. */
  last: number
  /** Tombstoned: closed for good. */
  deleted: boolean
  /** Deleted in the way that lets it be written again. */
  softDeleted: boolean
  hasMetadata: boolean
}

/** Where this event id was stored in this stream: from memory, as far back as that goes; and from the log. */
export interface KnownIds {
  recent(id: string): number | undefined
  at(revision: number): string | undefined
}

export type Verdict =
  | { kind: 'append' }
  /** All of it is stored already, up to this revision: say yes again. */
  | { kind: 'repeat'; last: number }
  | { kind: 'wrong-version'; current: number }
  | { kind: 'deleted' }

export const decideAppend = (
  expected: number,
  stream: StreamState,
  ids: readonly string[],
  known: KnownIds,
): Verdict => {
  const append: Verdict = { kind: 'append' }
  const wrong: Verdict = { kind: 'wrong-version', current: stream.last }
  if (stream.deleted) return { kind: 'deleted' }
  if (expected === STREAM_EXISTS) {
    if (stream.softDeleted) return { kind: 'deleted' }
    if (stream.last === NO_STREAM && !stream.hasMetadata) return wrong
  }

  if (expected === ANY || expected === STREAM_EXISTS) {
    let last: number | undefined
    for (const [i, id] of ids.entries()) {
      const seen = known.recent(id)
      if (seen === undefined) return i === 0 ? append : wrong // begun as a repeat, and goes on otherwise
      last = seen
    }
    return last === undefined ? append : { kind: 'repeat', last }
  }

  if (expected === stream.last) return append
  if (expected > stream.last) return wrong
  for (const [i, id] of ids.entries()) {
    const revision = expected + 1 + i
    if (known.recent(id) === revision || known.at(revision) === id) continue
    return i === 0 && expected === NO_STREAM && stream.softDeleted ? append : wrong
  }
  return ids.length === 0 ? wrong : { kind: 'repeat', last: expected + ids.length }
}
