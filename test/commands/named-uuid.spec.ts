// Ids that follow from names: the same as anybody else makes them (RFC 9562 §5.5).
import fc from 'fast-check'
import { v4, v5 } from 'uuid'
import { describe, expect, it } from 'vitest'
import { namedUuid } from '../../src/commands/named-uuid.ts'

describe('an id that follows from a name', () => {
  it('is the UUIDv5 of the name in its namespace, whatever the name is and however long', () => {
    const namespace = v4()
    const idOf = namedUuid(namespace)
    const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 700 }))
    fc.assert(
      fc.property(names, name => {
        expect(idOf(name)).toBe(v5(name, namespace))
      }),
    )
  })
})
