// A conversation's events as what is to happen again: who comes, who goes, who says what. Pure.
import type { AuditedEvent, Body } from '../../client/index.ts'

export type Act = { readonly at: string; readonly user: string } & (
  { readonly what: 'joined' | 'left' } | { readonly what: 'said'; readonly body: Body }
)

export interface Script {
  /** The conversation's; a direct chat has none. */
  readonly name: string | undefined
  readonly acts: readonly Act[]
  /** Messages whose content is gone: they cannot be said again. */
  readonly gone: number
}

interface Data {
  readonly at?: string
  readonly user?: string
  readonly from?: string
  readonly members?: readonly { readonly user: string }[]
  readonly name?: string | null
}

/** `day` (`YYYY-MM-DD`, UTC): only what happened on it; who was there before comes in with the first word. */
export function script(events: Iterable<AuditedEvent>, day?: string): Script {
  const acts: Act[] = []
  let gone = 0
  let title: string | undefined
  for (const { type, data, body } of events) {
    const { at = '', user = '', from = '', members = [], name } = data as Data
    title ??= name ?? undefined
    if (day !== undefined && !at.startsWith(day)) continue
    if (type === 'ConversationStarted') for (const { user } of members) acts.push({ what: 'joined', user, at })
    else if (type === 'MemberJoined') acts.push({ what: 'joined', user, at })
    else if (type === 'MemberLeft' || type === 'MemberRemoved') acts.push({ what: 'left', user, at })
    else if (type === 'MessageSent' && body) acts.push({ what: 'said', user: from, at, body })
    else if (type === 'MessageSent') gone++
  }
  return { name: title, acts, gone }
}

/**
 * When each act is due, in milliseconds from the start, `speed` times as fast as it was; 0: all at once. Logs have only
 * minutes: acts of the same time are spread evenly until the next one, over a minute at most, so that they do not burst.
 */
export function pace(ats: readonly string[], speed: number): number[] {
  if (speed === 0) return ats.map(() => 0)
  const times = ats.map(at => Date.parse(at))
  const first = times[0] ?? 0
  const due: number[] = []
  let latest = 0
  for (let from = 0; from < times.length;) {
    const time = times[from] ?? 0
    let to = from
    while (to < times.length && times[to] === time) to++
    const span = Math.min(60_000, Math.max(0, (times[to] ?? time) - time))
    for (let i = from; i < to; i++) {
      // a clock that was set back does not let what comes after happen before
      latest = Math.max(latest, time - first + (span * (i - from)) / (to - from))
      due.push(latest / speed)
    }
    from = to
  }
  return due
}
