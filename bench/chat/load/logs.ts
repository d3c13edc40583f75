// IRC logs as what is to happen again, and when: one file after the other, without the time between them.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryEntry } from '../../../src/client/index.ts'
import { findLogs, readLog } from '../../../src/cli/irc/files.ts'
import { plan } from '../../../src/cli/irc/plan.ts'
import { pace } from '../../../src/cli/replay/script.ts'

/** `due` in ms from the start. */
export interface Act {
  entry: HistoryEntry
  due: number
}

const DATED = /\d{4}-?\d\d-?\d\d.*\.(txt|log)$/

/** What is due before `until` (ms), so many times as fast as it was. */
export const actsOf = async (folder: string, speed: number, until: number): Promise<Act[]> => {
  const names = readdirSync(folder).filter(name => DATED.test(name)) // beside a README
  const files = await findLogs(names.map(name => join(folder, name)))
  const acts: Act[] = []
  let begins = 0
  for (const file of files) {
    const { entries } = plan('bench', await readLog(file))
    acts.push(...inTime(entries, speed, begins))
    begins = acts.at(-1)?.due ?? begins
    if (begins >= until) break
  }
  return acts.filter(({ due }) => due < until)
}

/** The first of them at `begins`. */
export const inTime = (entries: readonly HistoryEntry[], speed: number, begins: number): Act[] => {
  const due = pace(
    entries.map(({ at }) => at),
    speed,
  )
  return entries.map((entry, index) => ({ entry, due: begins + due[index]! }))
}
