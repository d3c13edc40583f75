// What is told by hand is what the schemas would tell: nothing is taken that they refuse, and nothing taken otherwise.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientFrames } from '../../src/gateway/socket/protocol.ts'
import { usualFrame } from '../../src/gateway/socket/usual-frames.ts'
import { sometimes } from '../support/sometimes.ts'

const id = '0194f6a0-0000-7000-8000-00000000000a'
const envelopes = { ...clientFrames, send: clientFrames.send.omit({ body: true }) }
const isHot = (type: unknown): type is 'send' | 'delivered' | 'read' =>
  type === 'send' || type === 'delivered' || type === 'read'

const strange = fc.oneof(fc.jsonValue(), fc.constantFrom(id.toUpperCase(), 'b b', 'x'.repeat(129), -1, 2 ** 53, 1.5))
const target = fc.oneof(
  sometimes(fc.record({ user: sometimes(fc.constant('bob'), strange) }), strange),
  fc.record({ conversation: sometimes(fc.constant(id), strange) }),
)
const frames = fc.oneof(
  fc.record(
    { type: fc.constant('send'), id: sometimes(fc.constant(id), strange), to: target, body: fc.constant(null) },
    { noNullPrototype: true },
  ),
  fc.record({
    type: fc.constantFrom('delivered', 'read'),
    conversation: sometimes(fc.constant(id), strange),
    upTo: sometimes(fc.nat(), strange),
  }),
)

describe('a frame of the usual form', () => {
  it('[G12] is told without the schema, as the schema tells it', () => {
    let told = 0
    fc.assert(
      fc.property(
        frames,
        fc.dictionary(fc.constantFrom('origin', 'more', '__proto__'), strange, { maxKeys: 1 }),
        (frame, more) => {
          const found = JSON.parse(JSON.stringify({ ...frame, ...more })) as { type: unknown }
          const usual = usualFrame(found)
          if (usual === undefined || !isHot(found.type)) return
          told++
          expect(usual).toEqual(envelopes[found.type].parse(found))
        },
      ),
      { numRuns: 2_000 },
    )
    expect(told).toBeGreaterThan(0)
  })

  it('[G12] is every one that a client writes in the usual way', () => {
    const conversation = id
    for (const frame of [
      { type: 'send', id, to: { user: 'bob' }, body: null },
      { type: 'send', id, to: { conversation }, body: null },
      { type: 'delivered', conversation, upTo: 0 },
      { type: 'read', conversation, upTo: 17 },
    ])
      expect(usualFrame(frame)).toBeDefined()
  })
})
