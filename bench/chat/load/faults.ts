// What went wrong: a run with any of it is a failure, and no figure.
import type { Measure } from '../measure.ts'

/** Counted, and the first kept. */
export interface Faults {
  add(what: unknown): void
  told(): Pick<Measure, 'errors' | 'firstError'>
}

export const createFaults = (): Faults => {
  let errors = 0
  let firstError: string | undefined
  return {
    add: what => {
      errors++
      firstError ??= (
        what instanceof Error ? what.message : typeof what === 'string' ? what : JSON.stringify(what)
      ).slice(0, 300)
    },
    told: () => ({ errors, firstError }),
  }
}
