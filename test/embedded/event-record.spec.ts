// Stored events: the frame inside is what the official client's own decoder reads, and the header finds its parts.
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as record from '../../src/embedded/engine/event-record.ts'
import { dataOf } from '../../src/embedded/engine/metadata.ts'
import { TOMBSTONE } from '../../src/embedded/engine/stream-heads.ts'
import { FRAME_HEADER } from '../../src/wire/frames.ts'

interface Decoded {
  event: {
    event: {
      id: { string: string }
      streamIdentifier: { streamName: string }
      streamRevision: string
      preparePosition: string
      commitPosition: string
      metadataMap: [string, string][]
      customMetadata: string
      data: string
    }
    commitPosition: string
  }
}
const { ReadResp } = createRequire(import.meta.url)('@eventstore/db-client/generated/streams_pb.js') as {
  ReadResp: { deserializeBinary(bytes: Uint8Array): { toObject(): Decoded } }
}
const decode = (stored: Buffer): Decoded['event'] =>
  ReadResp.deserializeBinary(record.frameOf(stored).subarray(FRAME_HEADER)).toObject().event

const bytes = fc.uint8Array({ maxLength: 20_000 }).map(each => Buffer.from(each))
const proposed = fc.record({
  id: fc.uuid(),
  type: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
  isJson: fc.boolean(),
  data: bytes,
  metadata: bytes,
})
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
const place = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

describe('a stored event', () => {
  it('holds the frame that clients decode', () => {
    fc.assert(
      fc.property(proposed, name, place, place, place, (event, stream, revision, position, now) => {
        const created = now % 2 ** 47
        const stored = record.encodeEvent(event, Buffer.from(stream), revision, position, created)
        const frame = record.frameOf(stored)
        expect(frame.readUInt32BE(1)).toBe(frame.length - FRAME_HEADER)
        const { event: shown, commitPosition } = decode(stored)
        expect(shown.id.string).toBe(event.id)
        expect(Buffer.from(shown.streamIdentifier.streamName, 'base64').toString()).toBe(stream)
        expect(shown.streamRevision).toBe(String(revision))
        expect([shown.preparePosition, shown.commitPosition, commitPosition]).toEqual(Array(3).fill(String(position)))
        expect(Object.fromEntries(shown.metadataMap)).toEqual({
          type: event.type,
          'content-type': event.isJson ? 'application/json' : 'application/octet-stream',
          created: `${created}0000`,
        })
        expect(shown.data).toBe(event.data.toString('base64'))
        expect(shown.customMetadata).toBe(event.metadata.toString('base64'))
      }),
      { numRuns: 200 },
    )
  })

  it('tells from its header what the store asks', () => {
    fc.assert(
      fc.property(proposed, name, place, place, (event, stream, revision, position) => {
        const stored = record.encodeEvent(event, Buffer.from(stream), revision, position, 1_700_000_000_123)
        expect(record.idOf(stored)).toBe(event.id)
        expect(record.streamOf(stored)).toBe(stream)
        expect(record.typeOf(stored)).toBe(event.type)
        expect(record.revisionOf(stored)).toBe(revision)
        expect(record.positionOf(stored)).toBe(position)
        expect(record.createdOf(stored)).toBe(1_700_000_000_123)
        expect(record.positionAfter(stored)).toBe(position + stored.length)
        expect(dataOf(stored).equals(event.data)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('shows a tombstone at the highest revision there is', () => {
    const event = { id: '0'.repeat(8) + '-0000-0000-0000-' + '0'.repeat(12), type: 'T', isJson: false }
    const none = { data: Buffer.alloc(0), metadata: Buffer.alloc(0) }
    const stored = record.encodeEvent({ ...event, ...none }, Buffer.from('s'), TOMBSTONE, 7, 0)
    expect(decode(stored).event.streamRevision).toBe('9223372036854775807')
    expect(record.revisionOf(stored)).toBe(TOMBSTONE)
  })
})
