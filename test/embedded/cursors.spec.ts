// The places of subscribers in a log in memory: what they read, and what of a commit they take that is told them late.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { allCursor, streamCursor } from '../../src/embedded/calls/cursors.ts'
import { presentation } from '../../src/embedded/calls/presentation.ts'
import { openEventLog } from '../../src/embedded/engine/event-log.ts'
import { positionOf, revisionOf } from '../../src/embedded/engine/event-record.ts'
import { ANY } from '../../src/embedded/engine/expected.ts'
import { compileFilter } from '../../src/embedded/engine/filter.ts'
import type { Committed } from '../../src/embedded/engine/tail.ts'
import { frameCutter } from '../../src/wire/frames.ts'
import { WireReader } from '../../src/wire/reader.ts'
import { memoryStorage } from '../../src/embedded/storage/memory.ts'

const open = () => {
  const storage = memoryStorage()
  const log = openEventLog({ storage, onFatal: error => expect(error).toBeUndefined() })
  const commits: Committed[] = []
  log.tail.followAll(committed => commits.push(committed))
  const proposed = () => ({
    id: randomUUID(),
    type: 'Said',
    isJson: true,
    data: Buffer.from('{}'),
    metadata: Buffer.alloc(0),
  })
  const append = (stream: string, count = 1) =>
    new Promise(resolve =>
      log.append({ stream, expected: ANY, events: Array.from({ length: count }, proposed) }, resolve),
    )
  const close = (stream: string) =>
    new Promise(resolve => log.remove({ stream, expected: ANY, forGood: true }, resolve))
  return { log, commits, append, close, shown: presentation(storage, { structuredIds: false, resolveLinks: false }) }
}

/** The kinds of the messages, by their field in ReadResp: 1 is an event, 3 a checkpoint. */
const kinds = (frames: Buffer[]): number[] => {
  const found: number[] = []
  frameCutter(message => {
    const r = new WireReader(message)
    r.next()
    found.push(r.field)
  })(Buffer.concat(frames))
  return found
}
const many = (kind: number, count: number): number[] => Array<number>(count).fill(kind)

describe("a subscriber's place in $all", () => {
  it('takes nothing of a commit that it has read already, and of another only what is new', async () => {
    const { log, commits, append, shown } = open()
    for (const filter of [undefined, compileFilter({ on: 'stream', prefixes: ['s'], regex: '' })]) {
      const cursor = allCursor(log, { from: 'end', filter, checkpointEvery: Infinity }, shown)
      await append('s', 3)
      const [late] = commits.splice(0)
      expect(kinds(cursor.next()!)).toEqual(many(1, 3))
      expect(cursor.take(late!).frames).toEqual([])
      await append('s', 2)
      const [next] = commits.splice(0)
      const both = {
        ...next!,
        records: [...late!.records, ...next!.records],
        frames: () => Buffer.from('not to be used'),
      }
      expect(kinds(cursor.take(both).frames)).toEqual(many(1, 2))
      expect(cursor.next()).toBeUndefined()
    }
  })

  it('gives a checkpoint after every so many events, just behind the last of them', async () => {
    const { log, append, shown } = open()
    const filter = compileFilter({ on: 'stream', prefixes: ['s'], regex: '' })
    const cursor = allCursor(log, { from: 'start', filter, checkpointEvery: 3 }, shown)
    for (const stream of ['s', 'other', 's', 's', 'other', 'other', 's']) await append(stream)
    expect(kinds(cursor.next()!)).toEqual([1, 1, 3, 1, 3, 1])
  })
})

describe("a subscriber's place in a stream", () => {
  it('takes nothing of a commit that it has read already', async () => {
    const { log, commits, append, shown } = open()
    const cursor = streamCursor(log, { stream: 's', from: 'start' }, shown)
    await append('s', 3)
    expect(kinds(cursor.next()!)).toEqual(many(1, 3))
    expect(cursor.take(commits[0]!).frames).toEqual([])
    expect(cursor.over()).toBeUndefined()
  })

  it('takes what is committed together with the tombstone, and is over then', async () => {
    const { log, commits, append, close, shown } = open()
    const cursor = streamCursor(log, { stream: 's', from: 'end' }, shown)
    await Promise.all([append('s', 2), close('s')])
    expect(commits[0]!.records.map(revisionOf)).toEqual([0, 1, 2 ** 63])
    expect(kinds(cursor.take(commits[0]!).frames)).toEqual(many(1, 2))
    expect(cursor.over()).toMatchObject({ details: { exception: 'stream-deleted', 'stream-name': 's' } })
  })

  it('is not to be had where the stream was closed before', async () => {
    const { log, append, close, shown } = open()
    await append('s')
    await close('s')
    for (const from of ['start', 'end', 0] as const)
      expect(() => streamCursor(log, { stream: 's', from }, shown)).toThrow("Event stream 's' is deleted.")
    expect(positionOf(log.storage.forward(1, { events: 1, bytes: 1 })[0]!)).toBe(1)
  })
})
