// A file of a channel's log as the entries of an imported history. Pure, and the same for the same file, so that importing
// again asks for nothing new.
import { v5 } from 'uuid'
import type { HistoryEntry } from '../../client/index.ts'
import { parse, spacedNicks } from './parse.ts'
import type { Line, Time } from './parse.ts'
import { userOf } from './user.ts'

/** Namespace of imported messages' ids (UUIDv5, RFC 9562 §5.5). Never to be changed: it would import everything twice. */
const NAMESPACE = '5f0c2f9e-8a1f-4a35-9d53-1c1d2b0f7a64'

const DAY = 86_400
/** A clock that goes back by more was midnight; by less, somebody set it: `at` follows, the day stays. */
const SET_BACK = 3600

export interface LogFile {
  /** The file's base name: with a line's number, what the server knows a line by. */
  readonly source: string
  /** Of its first line, `YYYY-MM-DD`. */
  readonly date: string
  readonly lines: readonly string[]
}

/** Every line is counted in exactly one of these. */
export interface Counts {
  messages: number
  joins: number
  leaves: number
  /** A rename leaves under the old nick and joins under the new one. */
  renames: number
  notices: number
  empty: number
  modes: number
}

export interface Plan {
  readonly source: string
  readonly lines: number
  readonly entries: readonly HistoryEntry[]
  readonly counts: Counts
  /** Line numbers, from 1. */
  readonly unreadable: readonly number[]
}

/** The message's id follows from where it stands. */
export const idOf = (channel: string, source: string, line: number): string =>
  v5(`${channel}\n${source}\n${line}`, NAMESPACE)

export function plan(channel: string, { source, date, lines }: LogFile): Plan {
  const spaced = spacedNicks(lines)
  const parsed = lines.map(line => parse(line, spaced))
  const clock = new Clock(date, parsed.find(({ time }) => time !== undefined)?.time ?? 0)
  const counts: Counts = { messages: 0, joins: 0, leaves: 0, renames: 0, notices: 0, empty: 0, modes: 0 }
  const entries: HistoryEntry[] = []
  const unreadable: number[] = []
  for (const [index, what] of parsed.entries()) {
    const line = index + 1
    const at = clock.at(what.time)
    if (what.is === 'unreadable') unreadable.push(line)
    else counts[counted[what.is]]++
    entries.push(...entriesOf(what, { line, at }, () => idOf(channel, source, line)))
  }
  return { source, lines: lines.length, entries, counts, unreadable }
}

const counted: Record<Exclude<Line['is'], 'unreadable'>, keyof Counts> = {
  said: 'messages',
  action: 'messages',
  join: 'joins',
  part: 'leaves',
  quit: 'leaves',
  kick: 'leaves',
  rename: 'renames',
  notice: 'notices',
  empty: 'empty',
  mode: 'modes',
}

function entriesOf(what: Line, place: { line: number; at: string }, id: () => string): HistoryEntry[] {
  switch (what.is) {
    case 'said':
      return [{ ...place, user: userOf(what.nick), what: 'said', id: id(), body: { text: what.text } }]
    case 'action':
      return [{ ...place, user: userOf(what.nick), what: 'said', id: id(), body: { text: `/me ${what.text}` } }]
    case 'join':
      return [{ ...place, user: userOf(what.nick), what: 'joined' }]
    case 'part':
    case 'quit':
    case 'kick':
      return [{ ...place, user: userOf(what.nick), what: 'left' }]
    case 'rename':
      return [
        { ...place, user: userOf(what.nick), what: 'left' },
        { ...place, user: userOf(what.to), what: 'joined' },
      ]
    case 'notice':
    case 'mode':
    case 'empty':
    case 'unreadable':
      return []
  }
}

/** The time of each line: its own, or that of the last line that has one. A minute's lines share the minute. */
class Clock {
  readonly #midnight: number
  #day = 0
  #time: Time

  constructor(date: string, first: Time) {
    this.#midnight = Date.parse(`${date}T00:00:00.000Z`)
    this.#time = first
  }

  at(time: Time | undefined): string {
    if (time !== undefined) {
      if (this.#time - time > SET_BACK) this.#day++
      this.#time = time
    }
    return new Date(this.#midnight + (this.#day * DAY + this.#time) * 1000).toISOString()
  }
}

/** So many entries a request, and never a line in two of them: the server knows lines up to a number, whole. */
export function* batches({ source, lines, entries }: Plan, most: number) {
  let batch: HistoryEntry[] = []
  for (const [index, entry] of entries.entries()) {
    batch.push(entry)
    const next = entries[index + 1]
    if (next?.line === entry.line) continue
    // a rename has two entries: the next line may need both
    if (!next) break
    if (batch.length >= most - 1) {
      yield { source, upToLine: entry.line, entries: batch }
      batch = []
    }
  }
  yield { source, upToLine: lines, entries: batch }
}
