// The engine's pure decisions: expected revisions, idempotency, what metadata hides, filters.
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeEvent } from '../../src/embedded/engine/event-record.ts'
import { ANY, NO_STREAM, STREAM_EXISTS, decideAppend } from '../../src/embedded/engine/expected.ts'
import type { KnownIds, StreamState } from '../../src/embedded/engine/expected.ts'
import { compileFilter } from '../../src/embedded/engine/filter.ts'
import { restorationEvent } from '../../src/embedded/engine/deletion.ts'
import { contentOf, firstVisible, isExpired, writtenMetadata } from '../../src/embedded/engine/metadata.ts'
import { recentIds } from '../../src/embedded/engine/recent-ids.ts'

const state = (last: number, more: Partial<StreamState> = {}): StreamState => ({
  last,
  deleted: false,
  softDeleted: false,
  hasMetadata: false,
  ...more,
})
/** A stream that holds these ids in order; memory of them reaches back as far as asked. */
const holding = (ids: string[], remembered = ids.length): KnownIds => ({
  recent: id => {
    const at = ids.lastIndexOf(id)
    return at >= ids.length - remembered && at >= 0 ? at : undefined
  },
  at: revision => ids[revision],
})
const nothing = holding([])

describe('an expected revision', () => {
  it('that is where the stream stands lets new events in, and any other does not', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 5 }), fc.integer({ min: -1, max: 5 }), (last, expected) => {
        const ids = Array.from({ length: last + 1 }, (_, i) => `old${i}`)
        const verdict = decideAppend(expected, state(last), ['new'], holding(ids))
        expect(verdict).toEqual(last === expected ? { kind: 'append' } : { kind: 'wrong-version', current: last })
      }),
    )
  })

  it('makes a repeat certain from the log alone, with all memory gone', () => {
    const stored = ['a', 'b', 'c', 'd', 'e']
    fc.assert(
      fc.property(fc.nat(4), fc.nat(4), fc.nat(5), (from, length, remembered) => {
        const ids = stored.slice(from, from + 1 + length)
        const verdict = decideAppend(from - 1, state(4), ids, holding(stored, remembered))
        expect(verdict).toEqual({ kind: 'repeat', last: from + ids.length - 1 })
      }),
    )
  })

  it('is wrong where a repeat goes on with something new, or stands elsewhere', () => {
    const stored = holding(['a', 'b'])
    expect(decideAppend(NO_STREAM, state(1), ['a', 'b', 'c'], stored)).toEqual({ kind: 'wrong-version', current: 1 })
    expect(decideAppend(0, state(1), ['a'], stored)).toEqual({ kind: 'wrong-version', current: 1 })
    expect(decideAppend(7, state(1), ['a'], stored)).toEqual({ kind: 'wrong-version', current: 1 })
  })

  it('of no_stream is met again by a deleted stream', () => {
    const deleted = state(4, { softDeleted: true, hasMetadata: true })
    expect(decideAppend(NO_STREAM, deleted, ['new'], nothing)).toEqual({ kind: 'append' })
    expect(decideAppend(STREAM_EXISTS, deleted, ['new'], nothing)).toEqual({ kind: 'deleted' })
    expect(decideAppend(ANY, deleted, ['new'], nothing)).toEqual({ kind: 'append' })
  })

  it('of stream_exists is met by metadata alone', () => {
    const refused = { kind: 'wrong-version', current: NO_STREAM }
    expect(decideAppend(STREAM_EXISTS, state(NO_STREAM), ['new'], nothing)).toEqual(refused)
    expect(decideAppend(STREAM_EXISTS, state(NO_STREAM, { hasMetadata: true }), ['new'], nothing)).toEqual({
      kind: 'append',
    })
  })

  it('is met by nothing once the stream is closed', () => {
    for (const expected of [ANY, NO_STREAM, STREAM_EXISTS, 0])
      expect(decideAppend(expected, state(0, { deleted: true }), ['new'], nothing)).toEqual({ kind: 'deleted' })
  })

  it('of any takes what memory knows for a repeat', () => {
    const known = holding(['a', 'b'])
    expect(decideAppend(ANY, state(1), ['a', 'b'], known)).toEqual({ kind: 'repeat', last: 1 })
    expect(decideAppend(ANY, state(1), ['new'], known)).toEqual({ kind: 'append' })
    expect(decideAppend(ANY, state(1), ['a', 'new'], known)).toEqual({ kind: 'wrong-version', current: 1 })
    expect(decideAppend(ANY, state(1), ['a', 'b'], holding(['a', 'b'], 0))).toEqual({ kind: 'append' })
  })

  it('with no events is an append of nothing, where it is met', () => {
    expect(decideAppend(ANY, state(3), [], nothing)).toEqual({ kind: 'append' })
    expect(decideAppend(3, state(3), [], nothing)).toEqual({ kind: 'append' })
    expect(decideAppend(2, state(3), [], nothing)).toEqual({ kind: 'wrong-version', current: 3 })
  })
})

describe('the memory of ids', () => {
  it('keeps the latest up to its capacity, and all that is not durable', () => {
    const ids = recentIds(2)
    for (let i = 0; i < 5; i++) ids.add('s', `id${i}`, { revision: i, position: 10 * i })
    ids.trim(20) // positions 20 and up are still on their way to the disk
    expect(['id0', 'id1', 'id2', 'id3', 'id4'].map(id => ids.find('s', id)?.revision)).toEqual([
      undefined,
      undefined,
      2,
      3,
      4,
    ])
    ids.trim(50)
    expect(ids.find('s', 'id2')).toBeUndefined()
    expect(ids.find('s', 'id4')?.position).toBe(40)
  })

  it('knows ids by stream', () => {
    const ids = recentIds(10)
    ids.add('a', 'id', { revision: 0, position: 1 })
    expect(ids.find('b', 'id')).toBeUndefined()
  })
})

describe('metadata', () => {
  const written = (json: string, isJson = true) => writtenMetadata({ isJson, data: Buffer.from(json) })
  const of = (json: string) => written(json).understood

  it('hides what is before $tb and before the last $maxCount', () => {
    expect(firstVisible(of('{}'), 9)).toBe(0)
    expect(firstVisible(of('{"$tb":4}'), 9)).toBe(4)
    expect(firstVisible(of('{"$maxCount":3}'), 9)).toBe(7)
    expect(firstVisible(of('{"$maxCount":30}'), 9)).toBe(0)
    expect(firstVisible(of('{"$tb":8,"$maxCount":3}'), 9)).toBe(8)
    expect(firstVisible(of('{"$tb":20}'), 9)).toBe(20)
  })

  it('says that a stream is deleted by truncating before the end of all revisions', () => {
    expect(of('{"$tb":9223372036854775807}').deleted).toBe(true)
    expect(of('{"a":1, "$tb" : 9223372036854775807 }').deleted).toBe(true)
    for (const other of ['9223372036854775806', '9007199254740991', '0'])
      expect(of(`{"$tb":${other}}`).deleted).toBe(false)
    expect(of('{}').deleted).toBeUndefined()
  })

  it('that cannot be read hides nothing', () => {
    for (const json of ['', 'x', '[1]', 'null', '7', '{"$tb":4', '"$tb"']) expect(firstVisible(of(json), 9)).toBe(0)
    expect(firstVisible(written('{"$tb":4}', false).understood, 9)).toBe(0)
  })

  it('hides nothing by a number that is not positive, and nothing at all where a value is no whole number', () => {
    expect(of('{"$maxCount":0,"$maxAge":-1,"$tb":-5}')).toEqual({})
    expect(of('{"$maxCount":0,"$tb":4}')).toMatchObject({ truncateBefore: 4 })
    for (const odd of ['"4"', '4.5', '4e2', 'true', 'null', '{}', '[4]', '9223372036854775808'])
      for (const name of ['$tb', '$maxCount', '$maxAge', '$cacheControl'])
        expect([name, odd, of(`{"$maxCount":3,"${name}":${odd}}`)]).toEqual([name, odd, {}])
  })

  it('is kept to the digit where a deleted stream is shown again', () => {
    const json = '{ "$tb" : 9223372036854775807, "id":9007199254740993, "nested":{"$tb":1,"a":[{},","]}, "q\\"":1.50 }'
    const event = restorationEvent(written(json), 3)!
    expect(event.data.toString()).toBe('{"$tb":3,"id":9007199254740993,"nested":{"$tb":1,"a":[{},","]},"q\\"":1.50}')
    expect(restorationEvent(written('{}'), 0)!.data.toString()).toBe('{"$tb":0}')
    expect(restorationEvent(written('no JSON'), 0)).toBeUndefined()
  })

  it('is found in the stored event, whatever that is called', () => {
    const event = (isJson: boolean, type: string) =>
      contentOf(
        encodeEvent(
          { id: randomUUID(), type, isJson, data: Buffer.from('{}'), metadata: Buffer.from('application/json') },
          Buffer.from('$$s'),
          0,
          1,
          0,
        ),
      )
    expect(event(true, '$metadata')).toEqual({ isJson: true, data: Buffer.from('{}') })
    expect(event(false, 'application/json')).toEqual({ isJson: false, data: Buffer.from('{}') })
  })

  it('expires events by their age in seconds', () => {
    const at = (created: number) => record('s', 'T', created)
    expect(isExpired(of('{"$maxAge":10}'), at(0), 10_001)).toBe(true)
    expect(isExpired(of('{"$maxAge":10}'), at(0), 10_000)).toBe(false)
    expect(isExpired(of('{}'), at(0), 1e12)).toBe(false)
  })
})

const record = (stream: string, type: string, created = 0) =>
  encodeEvent(
    {
      id: '00000000-0000-0000-0000-000000000000',
      type,
      isJson: true,
      data: Buffer.from('{}'),
      metadata: Buffer.alloc(0),
    },
    Buffer.from(stream),
    0,
    1,
    created,
  )

describe('a filter', () => {
  it('by prefixes lets through what begins with one of them', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 4 }), (stream, type, prefixes) => {
        const event = record(stream, type)
        const bytesOf = (value: string) => Buffer.from(value).toString('latin1')
        const starts = (value: string) => prefixes.some(prefix => bytesOf(value).startsWith(bytesOf(prefix)))
        expect(compileFilter({ on: 'stream', prefixes, regex: '' })(event)).toBe(starts(stream))
        expect(compileFilter({ on: 'type', prefixes, regex: '' })(event)).toBe(starts(type))
      }),
    )
  })

  it('by regular expression looks at the name it is on', () => {
    const noSystem = compileFilter({ on: 'type', prefixes: [], regex: '^[^$].*' })
    expect([noSystem(record('$$s', 'Said')), noSystem(record('s', '$metadata'))]).toEqual([true, false])
    const rooms = compileFilter({ on: 'stream', prefixes: ['ignored'], regex: 'room-\\d+$' })
    expect([rooms(record('room-12', 'T')), rooms(record('room-x', 'T'))]).toEqual([true, false])
  })

  it('that is no regular expression is a syntax error', () => {
    expect(() => compileFilter({ on: 'type', prefixes: [], regex: '(' })).toThrow(SyntaxError)
  })
})
