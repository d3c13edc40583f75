// The engine: decides writes in memory, commits them in groups, answers when they are durable, and tells the tail.
import { randomUUID } from 'node:crypto'
import type { Entry, LogStorage } from '../storage/port.ts'
import type { ProposedEvent } from './event-record.ts'
import { decideAppend } from './expected.ts'
import { groupCommit } from './group-commit.ts'
import { deletionEvent, restorationEvent, tombstoneEvent } from './deletion.ts'
import { metastreamOf, subjectOf } from './metadata.ts'
import { openStaging } from './staging.ts'
import { TOMBSTONE, stateOf } from './stream-heads.ts'
import type { StreamHead } from './stream-heads.ts'
import { logTail } from './tail.ts'
import type { Tail } from './tail.ts'

interface Append {
  stream: string
  expected: number
  events: readonly ProposedEvent[]
}

interface Removal {
  stream: string
  expected: number
  /** A tombstone closes the stream for good; without it the stream can be written again. */
  forGood: boolean
}

export type Outcome =
  /** `last` is the stream's revision, `position` that of the last event written, where there is one. */
  | { kind: 'stored'; last: number; position: number | undefined }
  | { kind: 'wrong-version'; current: number }
  | { kind: 'deleted' }

/** Called once the outcome is durable: a refusal too, since it tells of what others wrote. */
type Settled = (outcome: Outcome) => void

export interface EventLog {
  append(request: Append, settled: Settled): void
  remove(request: Removal, settled: Settled): void
  readonly storage: LogStorage
  readonly tail: Tail
  /** Where the durable log ends. */
  end(): number
  /** Bytes that wait for the disk. */
  waiting(): number
  /** Waits for the last commit, then closes the storage. */
  close(): Promise<void>
}

export interface EventLogOptions {
  storage: LogStorage
  /** A commit failed: memory is ahead of the disk, and only a new start from the log is right. */
  onFatal: (error: unknown) => void
  now?: () => number
}

export const openEventLog = ({ storage, onFatal, now = Date.now }: EventLogOptions): EventLog => {
  let durable = storage.end()
  const staging = openStaging(storage, now)
  const { heads, stage } = staging
  const tail = logTail()
  const commits = groupCommit({
    commit: entries => storage.commit(entries),
    committed: entries => {
      if (entries.length === 0) return
      durable = staging.settle(entries)
      tail.publish(entries.map(entry => entry.record))
    },
    failed: onFatal,
  })

  const settleWith = (settled: Settled, outcome: Outcome, entries: readonly Entry[] = []): void =>
    commits.add(entries, () => settled(outcome))

  /** Writing to a deleted stream or to its metadata brings it back, with what was deleted still hidden. */
  const restoredBy = (head: StreamHead): { stream: StreamHead; first: number } | undefined => {
    const subject = subjectOf(head.name)
    const stream = subject === undefined ? head : heads.of(subject)
    return stateOf(stream, heads).softDeleted ? { stream, first: stream.last + 1 } : undefined
  }

  return {
    storage,
    tail,
    end: () => durable,
    waiting: () => commits.waiting(),
    append: ({ stream, expected, events }, settled) => {
      const head = heads.of(stream)
      const state = stateOf(head, heads)
      const ids = events.map(event => event.id)
      const verdict = decideAppend(expected, state, ids, staging.knownIds(head))
      if (verdict.kind === 'repeat') {
        const position = staging.positionOf(head, ids.at(-1)!, verdict.last)
        return settleWith(settled, { kind: 'stored', last: verdict.last, position })
      }
      if (verdict.kind !== 'append') return settleWith(settled, verdict)
      const restored = restoredBy(head)
      const entries = events.map(event => stage(head, event))
      const outcome: Outcome = { kind: 'stored', last: head.last, position: entries.at(-1)?.position }
      const restoration = restored && restorationEvent(restored.stream.metadata!, restored.first)
      if (restoration) entries.push(stage(heads.of(metastreamOf(restored.stream.name)), restoration))
      settleWith(settled, outcome, entries)
    },
    remove: ({ stream, expected, forGood }, settled) => {
      const head = heads.of(stream)
      const state = stateOf(head, heads)
      const verdict = decideAppend(expected, state, [randomUUID()], staging.knownIds(head))
      if (verdict.kind === 'repeat') throw new Error('A new id cannot be known')
      if (verdict.kind !== 'append') return settleWith(settled, verdict)
      if (!forGood && state.last < 0 && !state.hasMetadata)
        return settleWith(settled, { kind: 'wrong-version', current: state.last })
      const entry = forGood
        ? stage(head, tombstoneEvent(), TOMBSTONE)
        : stage(heads.of(metastreamOf(stream)), deletionEvent())
      settleWith(settled, { kind: 'stored', last: head.last, position: entry.position }, [entry])
    },
    close: async () => {
      await commits.idle()
      await storage.close()
    },
  }
}
