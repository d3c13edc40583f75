// What an import says when it is through: every line of every file is in one of these numbers.
import type { Counts, Plan } from './plan.ts'

export class Report {
  readonly #counts: Counts = { messages: 0, joins: 0, leaves: 0, renames: 0, notices: 0, empty: 0, modes: 0 }
  readonly #unreadable: string[] = []
  #files = 0
  #lines = 0
  #entries = 0
  #latin1 = 0
  #imported = 0

  file({ source, lines, entries, counts, unreadable }: Plan, latin1: number): void {
    this.#files++
    this.#lines += lines
    this.#entries += entries.length
    this.#latin1 += latin1
    for (const name of Object.keys(counts) as (keyof Counts)[]) this.#counts[name] += counts[name]
    this.#unreadable.push(...unreadable.map(line => `${source}:${line}`))
  }

  imported(entries: number): void {
    this.#imported += entries
  }

  /** `seconds` of a dry run: undefined. */
  lines(seconds: number | undefined): string[] {
    const { messages, joins, leaves, renames, notices, empty, modes } = this.#counts
    const lines = [
      `files ${this.#files}`,
      `lines ${this.#lines}`,
      `messages ${messages}`,
      `joins ${joins}, leaves ${leaves}, renames ${renames}`,
      `skipped ${notices + empty + modes}: ${notices} notices, ${empty} empty, ${modes} mode changes`,
      `unreadable ${this.#unreadable.length}${this.#unreadable.length > 0 ? `: ${this.#unreadable.join(' ')}` : ''}`,
    ]
    if (this.#latin1 > 0) lines.push(`not UTF-8, read as Latin-1: ${this.#latin1} lines`)
    if (seconds === undefined) return [...lines, 'nothing was sent']
    // of those that are new: skipping what is known is no measure
    const rate = Math.round((messages * this.#imported) / Math.max(1, this.#entries) / Math.max(0.001, seconds))
    return [
      ...lines,
      `entries ${this.#entries}: ${this.#imported} new, ${this.#entries - this.#imported} known already`,
      `took ${seconds.toFixed(1)} s, ${rate} messages/s`,
    ]
  }
}
