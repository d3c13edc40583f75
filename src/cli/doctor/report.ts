// What the doctor says: a line for each thing it looked at, or all of it as JSON, and whether something is wrong.
import { explain } from '../complain.ts'
import { say, type Io } from '../io.ts'
import { patienceMs, within } from './wait.ts'

export interface Check {
  readonly name: string
  /** Says what was found; throws what is wrong. */
  readonly look: () => Promise<string> | string
  /** What to do, by what is wrong. */
  readonly advice: string | ((thrown: unknown) => string)
}

/** Thrown by a check: there is nothing to look at, and why. */
export class NothingThere extends Error {}

type Finding = { readonly name: string; readonly said: string } & (
  | { readonly result: 'ok'; readonly ms: number }
  | { readonly result: 'failed'; readonly ms: number; readonly advice: string }
  /** Could not be looked at, and why. */
  | { readonly result: 'skipped' }
)

export interface Report {
  /** Whether it was found well. */
  check(one: Check): Promise<boolean>
  /** One after the other, up to the first that fails: what builds on it would only say the same again. */
  all(checks: readonly Check[]): Promise<boolean>
  skip(name: string, why: string): void
  /** How many checks failed. */
  end(): number
}

/** A check has several steps, each with its patience. */
const checkMs = 6 * patienceMs

export function createReport(io: Io, json: boolean): Report {
  const findings: Finding[] = []
  const note = (finding: Finding): void => {
    findings.push(finding)
    if (!json) say(io.stdout, lineOf(finding))
  }
  const check = async ({ name, look, advice }: Check): Promise<boolean> => {
    const began = performance.now()
    const took = () => Math.round(performance.now() - began)
    try {
      const said = await within(`the check '${name}'`, Promise.resolve().then(look), checkMs)
      note({ name, result: 'ok', said, ms: took() })
      return true
    } catch (thrown) {
      if (thrown instanceof NothingThere) {
        note({ name, result: 'skipped', said: thrown.message })
        return true
      }
      const said = explain(thrown, io.env)
      note({ name, result: 'failed', said, advice: typeof advice === 'string' ? advice : advice(thrown), ms: took() })
      return false
    }
  }
  return {
    check,
    all: async checks => {
      for (const one of checks) if (!(await check(one))) return false
      return true
    },
    skip: (name, why) => note({ name, result: 'skipped', said: why }),
    end: () => {
      const failed = findings.filter(({ result }) => result === 'failed').length
      if (json) say(io.stdout, JSON.stringify({ well: failed === 0, checks: findings }))
      return failed
    },
  }
}

function lineOf(finding: Finding): string {
  const { name, said, result } = finding
  if (result === 'skipped') return `skip  ${name}: ${said}`
  if (result === 'ok') return `ok    ${name}: ${said} (${finding.ms} ms)`
  return `FAIL  ${name}: ${said}; ${finding.advice}`
}
