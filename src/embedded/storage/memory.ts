// The log in memory, for tests: the same engine and protocol, nothing kept.
import { positionAfter, positionOf } from '../engine/event-record.ts'
import type { EventRecord } from '../engine/event-record.ts'
import { FIRST_POSITION, takePage } from './port.ts'
import type { LogStorage } from './port.ts'
import { firstIndex } from './search.ts'

export const memoryStorage = (): LogStorage => {
  const log: EventRecord[] = []
  const keys = new Map<string, number>()
  const streams = new Map<number, { revisions: number[]; records: EventRecord[] }>()

  /** Where in the log the first event at or after this position is. */
  const indexOf = (position: number): number => firstIndex(log.length, i => positionOf(log[i]!) >= position)

  const streamIndex = (stream: number, revision: number): number => {
    const { revisions } = streams.get(stream)!
    return firstIndex(revisions.length, i => revisions[i]! >= revision)
  }

  return {
    end: () => (log.length === 0 ? FIRST_POSITION : positionAfter(log.at(-1)!)),
    holds: position => {
      const record = log[indexOf(position)]
      return record !== undefined && positionOf(record) === position
    },
    commit: entries => {
      for (const { record, stream, revision, opens } of entries) {
        log.push(record)
        if (opens !== undefined) {
          keys.set(opens, stream)
          streams.set(stream, { revisions: [], records: [] })
        }
        streams.get(stream)!.revisions.push(revision)
        streams.get(stream)!.records.push(record)
      }
      // later, as a disk would answer: what relies on an answer in the same turn must not pass its tests here
      return new Promise(setImmediate)
    },
    streamKey: name => keys.get(name),
    lastRevision: stream => streams.get(stream)!.revisions.at(-1)!,
    eventAt: (stream, revision) => {
      if (!streams.has(stream)) return undefined // its first event is still on its way
      const { revisions, records } = streams.get(stream)!
      const i = streamIndex(stream, revision)
      return revisions[i] === revision ? records[i] : undefined
    },
    forward: (from, limit) => takePage(upwards(log, indexOf(from), log.length), limit),
    backward: (before, limit) => takePage(downwards(log, indexOf(before) - 1, 0), limit),
    streamForward: (stream, from, to, limit) => {
      const { records } = streams.get(stream)!
      return takePage(upwards(records, streamIndex(stream, from), streamIndex(stream, to + 1)), limit)
    },
    streamBackward: (stream, from, to, limit) => {
      const { records } = streams.get(stream)!
      return takePage(downwards(records, streamIndex(stream, from + 1) - 1, streamIndex(stream, to)), limit)
    },
    close: () => Promise.resolve(),
  }
}

function* upwards<T>(items: T[], from: number, to: number): Iterable<T> {
  for (let i = from; i < to; i++) yield items[i]!
}

function* downwards<T>(items: T[], from: number, to: number): Iterable<T> {
  for (let i = from; i >= to; i--) yield items[i]!
}
