// Given these events, when this is asked, then these events follow, or this refusal: how deciders are tested.
import { expect } from 'vitest'
import { decide, fold, type Decider } from '../../src/domain/decider.ts'
import { isRefusal, type RefusalCode } from '../../src/domain/index.ts'

type Tagged = { readonly type: string }

export function given<S, C extends Tagged, E extends Tagged>(decider: Decider<S, C, E>, ...events: E[]) {
  const now = fold(decider, decider.initial, events)
  return {
    when: (command: C) => {
      const decision = decide(decider, command, now)
      return {
        then: (...expected: E[]) => expect(decision).toEqual(expected),
        thenNothing: () => expect(decision).toEqual([]),
        thenRefused: (code: RefusalCode) => {
          expect(isRefusal(decision) ? decision.refused : decision).toBe(code)
        },
      }
    },
  }
}
