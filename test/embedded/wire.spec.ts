// Protobuf's wire format, gRPC's frames and UUIDs: what is written is read back, and what is broken is refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameRefused, frame, frameCutter } from '../../src/wire/frames.ts'
import { readUuid, structuredUuid } from '../../src/embedded/protocol/uuid.ts'
import { MalformedMessage, WireReader } from '../../src/wire/reader.ts'
import { bytesField, int64Field, messageField, numberField, stringField } from '../../src/wire/writer.ts'

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const fieldNumber = fc.integer({ min: 1, max: 1000 })

describe('the wire format', () => {
  it('gives back numbers, strings and bytes, whatever the field', () => {
    fc.assert(
      fc.property(fieldNumber, whole, fc.string({ unit: 'grapheme' }), fc.uint8Array(), (field, n, text, raw) => {
        const message = Buffer.concat([
          numberField(field, n),
          stringField(field, text),
          bytesField(field, Buffer.from(raw)),
        ])
        const r = new WireReader(message)
        expect([r.next(), r.field, r.number()]).toEqual([true, field, n])
        expect([r.next(), r.string()]).toEqual([true, text])
        expect([r.next(), [...r.data()]]).toEqual([true, [...raw]])
        expect(r.next()).toBe(false)
      }),
    )
  })

  it('steps into messages and out again, whatever is left unread inside', () => {
    const inner = messageField(1, numberField(1, 5), stringField(2, 'unread'))
    const r = new WireReader(Buffer.concat([inner, numberField(2, 6)]))
    r.next()
    const outer = r.enter()
    expect([r.next(), r.number()]).toEqual([true, 5])
    r.leave(outer)
    expect([r.next(), r.field, r.number()]).toEqual([true, 2, 6])
  })

  it('skips fields of every kind it does not know', () => {
    const fixed = Buffer.from([0x0d, 1, 2, 3, 4, 0x09, 1, 2, 3, 4, 5, 6, 7, 8])
    const r = new WireReader(Buffer.concat([fixed, numberField(9, 2 ** 40), stringField(9, 'x'), numberField(3, 1)]))
    for (let i = 0; i < 4; i++) {
      r.next()
      r.skip()
    }
    expect([r.next(), r.field, r.number()]).toEqual([true, 3, 1])
  })

  it('never fails but by saying that the message is malformed', () => {
    const walk = (r: WireReader): void => {
      while (r.next())
        if (r.field % 3 === 0) r.skip()
        else if (r.field % 3 === 1) r.number()
        else r.leave(r.enter())
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), raw => {
        try {
          walk(new WireReader(Buffer.from(raw)))
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a UUID', () => {
  const read = (content: Buffer): string => {
    const r = new WireReader(messageField(1, content))
    r.next()
    return readUuid(r)
  }

  it('is the same as text and as two numbers', () => {
    fc.assert(
      fc.property(fc.uuid(), id => {
        expect(read(structuredUuid(id))).toBe(id)
        expect(read(stringField(2, id))).toBe(id)
        expect(read(stringField(2, id.toUpperCase()))).toBe(id)
      }),
    )
  })

  it('is refused where it is none', () => {
    expect(() => read(stringField(2, 'not-a-uuid'))).toThrow(MalformedMessage)
    expect(() => read(Buffer.alloc(0))).toThrow(MalformedMessage)
  })

  it('has negative halves as well', () => {
    const id = 'ffffffff-ffff-ffff-8000-000000000000'
    expect(read(messageField(1, int64Field(1, -1n), int64Field(2, -(2n ** 63n))))).toBe(id)
  })
})

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 })
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, sizes) => {
        const whole = Buffer.concat(sent.map(each => frame(Buffer.from(each))))
        const found: number[][] = []
        const cut = frameCutter(message => found.push([...message]))
        for (let at = 0, i = 0; at < whole.length; i++) {
          const size = sizes[i % sizes.length]!
          cut(whole.subarray(at, at + size))
          at += size
        }
        expect(found).toEqual(sent.map(each => [...each]))
      }),
    )
  })

  it('are refused when compressed or longer than the limit', () => {
    const cut = frameCutter(() => undefined)
    expect(() => cut(Buffer.from([1, 0, 0, 0, 0]))).toThrow(FrameRefused)
    expect(() => frameCutter(() => undefined)(Buffer.from([0, 0xff, 0, 0, 0]))).toThrow(FrameRefused)
  })
})
