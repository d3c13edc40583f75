// What the official client hands over as base64, in bytes.
import jspb from 'google-protobuf'
import { describe, expect, test } from 'vitest'
import { decodeNatively } from '../../src/eventstore/eventstoredb/base64.ts'

describe('base64 decoded by node', () => {
  test('[J50] gives the bytes that google-protobuf itself makes of it', () => {
    const { bytesAsU8: own } = jspb.Message
    decodeNatively()
    const { bytesAsU8: native } = jspb.Message
    expect(native).not.toBe(own)
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, n) => (n * 37 + length * 101) % 256)
      const base64 = Buffer.from(bytes).toString('base64')
      expect(native(base64)).toEqual(bytes)
      expect(native(base64)).toEqual(own(base64))
    }
    const asBytes = Uint8Array.of(1, 2, 3)
    expect((native as (value: unknown) => unknown)(asBytes)).toBe(asBytes)
    jspb.Message.bytesAsU8 = own
  })
})
