// What is told by hand is what the schemas would tell: no event is taken that they refuse, nor any they would change.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventSchemas, metadataSchema } from '../../src/eventstore/codec.ts'
import type { RawEvent } from '../../src/eventstore/index.ts'
import { usualEvent } from '../../src/eventstore/usual-events.ts'
import { sometimes } from '../support/sometimes.ts'

const id = '0194f6a0-0000-7000-8000-00000000000a'
const at = '2026-01-02T03:04:05.678Z'
const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('0000-01-01T00:00:00.000Z', '0999-01-01T00:00:00.000Z', '2026-01-02T03:04:05Z', 2 ** 31, -1, 1.5),
)
const one = <T>(usual: T) => sometimes(fc.constant(usual), strange)
const more = fc.dictionary(fc.constantFrom('expiresAt', 'attachments', '__proto__'), strange, { maxKeys: 1 })
const text = one('alice')
const sealed = sometimes(fc.record({ key: one(id), box: one('AAAA') }), strange)
const metadata = fc.record({
  actor: sometimes(fc.record({ user: text, device: text, session: text }), strange),
  origin: one('user'),
  at: one(at),
  correlationId: one(id),
  causationId: one(id),
})
const events = fc.oneof(
  fc.record({
    type: fc.constant('MessageSent' as const),
    data: fc.record({ from: text, at: one(at), content: sealed }),
  }),
  fc.record({
    type: fc.constantFrom('MessagesDelivered' as const, 'MessagesRead' as const),
    data: fc.record({ user: text, device: text, upTo: one(3), at: one(at) }),
  }),
)
const place = { stream: `conversation-${id}`, revision: 3, position: 300, id }

describe('an event of the usual form', () => {
  it('[E5] is told without the schemas, as they tell it', () => {
    let told = 0
    fc.assert(
      fc.property(events, metadata, sometimes(fc.constant({}), more), ({ type, data }, beside, added) => {
        const written = { ...place, type, data: { ...data, ...added }, metadata: beside }
        const raw = JSON.parse(JSON.stringify(written)) as RawEvent
        const usual = usualEvent(raw)
        if (usual === undefined) return
        told++
        expect(usual).toEqual(raw)
        expect(eventSchemas[type].parse(raw.data)).toEqual(raw.data)
        expect(metadataSchema.parse(raw.metadata)).toEqual(raw.metadata)
      }),
      { numRuns: 2_000 },
    )
    expect(told).toBeGreaterThan(0)
  })

  it('[E5] is every message and mark as this version writes them', () => {
    const actor = { user: 'alice', device: 'phone', session: id }
    const beside = { actor, origin: 'user', at, correlationId: id, causationId: id }
    const said = { from: 'alice', at, content: { key: id, box: 'AAAA' } }
    const mark = { user: 'alice', device: 'phone', upTo: 3, at }
    for (const [type, data] of [
      ['MessageSent', said],
      ['MessagesDelivered', mark],
      ['MessagesRead', mark],
    ] as const)
      expect(usualEvent({ ...place, type, data, metadata: beside })).toBeDefined()
  })
})
