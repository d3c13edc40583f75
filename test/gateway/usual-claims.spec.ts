// What is told of a token's claims by hand is what the schema would tell.
import fc from 'fast-check'
import type { JWTPayload } from 'jose'
import { expect, it } from 'vitest'
import { claims, roles, usualClaims } from '../../src/gateway/http/auth.ts'
import { sometimes } from '../support/sometimes.ts'

const strange = fc.oneof(fc.jsonValue(), fc.constantFrom('', 'b b', 'x'.repeat(65), ['user', 'user'], 7))
const payloads = fc.record(
  {
    sub: sometimes(fc.constantFrom('alice', 'a.b-c@d'), strange),
    roles: sometimes(fc.array(sometimes(fc.constantFrom(...roles), strange), { maxLength: 3 }), strange),
    device: sometimes(fc.constant('phone'), strange),
    iat: fc.nat(),
  },
  { requiredKeys: [], noNullPrototype: true },
)

it('[G23] a token’s usual claims are told without the schema, as the schema tells them', () => {
  let told = 0
  fc.assert(
    fc.property(payloads, payload => {
      const usual = usualClaims(JSON.parse(JSON.stringify(payload)) as JWTPayload)
      if (usual === undefined) return
      told++
      expect(usual).toEqual(claims.parse(payload))
    }),
    { numRuns: 2_000 },
  )
  expect(told).toBeGreaterThan(0)
  expect(usualClaims({ sub: 'alice', roles: ['user'] })).toEqual({ sub: 'alice', roles: ['user'], device: 'default' })
})
