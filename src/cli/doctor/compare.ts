// What was said, as the server answered it, held against what history, inbox, receipts and log say of it: content and order.
import { isDeepStrictEqual } from 'node:util'
import type { AuditedEvent, Body, HistoryMessage, InboxEntry, Receipts } from '../../client/index.ts'

const amendments = ['MessageEdited', 'MessageRetracted', 'ReactionAdded'] as const

/** One thing that was said: what it was answered with, and what it is. */
export interface Said {
  readonly what: 'MessageSent' | (typeof amendments)[number]
  readonly id: string
  readonly seq: number
  readonly at: string
  readonly by: string
  /** The message that it is, or is about. */
  readonly message: string
  readonly body?: Body
  readonly reaction?: string
}

type Shown = Pick<HistoryMessage, 'seq' | 'id' | 'from' | 'at' | 'body'> & {
  readonly edited: boolean
  readonly retracted: boolean
  readonly reactions: readonly (readonly [reaction: string, users: readonly string[]])[]
}

/** What the history is to show of it. */
function toShow(said: readonly Said[]): Shown[] {
  const sent = said.filter(({ what }) => what === 'MessageSent')
  return sent.map(({ id, seq, by: from, at, body }) => {
    const about = said.filter(one => one.message === id)
    const edit = about.findLast(({ what }) => what === 'MessageEdited')
    const retracted = about.some(({ what }) => what === 'MessageRetracted')
    const reactions = about.flatMap(({ what, reaction, by }) =>
      what === 'ReactionAdded' ? [[reaction!, [by]] as const] : [],
    )
    const shown = retracted ? null : ((edit ?? { body }).body ?? null)
    return { seq, id, from, at, body: shown, edited: edit !== undefined, retracted, reactions }
  })
}

const shownBy = ({ seq, id, from, at, body, edited, retracted, reactions }: HistoryMessage): Shown => ({
  ...{ seq, id, from, at, body: body ?? null },
  edited: edited === true,
  retracted: retracted === true,
  reactions: (reactions ?? []).map(one => [one.reaction, one.users] as const),
})

/** Throws where the first difference is. */
export function compareHistory(said: readonly Said[], messages: readonly HistoryMessage[]): void {
  same('the history', toShow(said), messages.map(shownBy), ({ id, seq }) => `message ${id} #${seq}`)
}

/** In an inbox: the last message, and how much of the others' is after one's mark. */
export function compareInbox(
  said: readonly Said[],
  user: string,
  readUpTo: number,
  entry: InboxEntry | undefined,
): void {
  if (!entry) throw new Error(`the conversation is not in the inbox of ${user}`)
  const sent = said.filter(({ what }) => what === 'MessageSent')
  const unread = sent.filter(({ by, seq }) => by !== user && seq > readUpTo).length
  if (entry.unread !== unread)
    throw new Error(`the inbox of ${user} says ${entry.unread} unread, of what was said ${unread} are`)
  const last = sent.at(-1)
  if (entry.last?.id !== last?.id)
    throw new Error(`the last message in the inbox of ${user} is ${entry.last?.id}, the last that was said ${last?.id}`)
}

/** The conversation's own events: gap-free, in order, and of messages the very ones that were said. */
export function compareRecord(said: readonly Said[], events: readonly AuditedEvent[]): void {
  const own = events.filter(({ stream }) => stream.startsWith('conversation-'))
  own.forEach(({ revision }, n) => {
    if (revision !== n) throw new Error(`the log has event ${revision} of the conversation where ${n} is to be`)
  })
  const positions = events.map(({ position }) => Number(position))
  positions.forEach((position, n) => {
    if (n > 0 && position <= positions[n - 1]!)
      throw new Error(`the log has position ${position} after ${positions[n - 1]}`)
  })
  const since = said[0]?.seq ?? 0 // what was said there before is another run's
  same(
    'the log',
    said,
    saidIn(own.filter(({ revision }) => revision >= since)),
    ({ what, id, seq }) => `${what} ${id} #${seq}`,
  )
}

/** What the events say was said. Bodies are there where it was asked for them and their keys exist. */
function saidIn(events: readonly AuditedEvent[]): Said[] {
  return events.flatMap(({ type, id, revision: seq, data, metadata, body }): Said[] => {
    const at = String(data['at'])
    const by = String((metadata['actor'] as { user?: unknown } | undefined)?.user)
    if (type === 'MessageSent') return [{ what: type, id, seq, at, by, message: id, ...(body ? { body } : {}) }]
    const what = amendments.find(one => one === type)
    if (what === undefined) return []
    const reaction = data['reaction']
    const more = { ...(body ? { body } : {}), ...(typeof reaction === 'string' ? { reaction } : {}) }
    return [{ what, id, seq, at, by, message: String(data['message']), ...more }]
  })
}

/** When somebody's device has got and read a message, by the marks in the log. What it has read it has got. */
function marksIn(events: readonly AuditedEvent[], user: string, device: string, seq: number) {
  const first = (...types: string[]): string | null => {
    const found = events.find(
      ({ type, data }) =>
        types.includes(type) && data['user'] === user && data['device'] === device && Number(data['upTo']) >= seq,
    )
    return found ? String(found.data['at']) : null
  }
  return { delivered: first('MessagesDelivered', 'MessagesRead'), read: first('MessagesRead') }
}

/** `events`: what the log says; left out where it may not be looked at. A device of theirs that has read since then is not in it. */
export function compareReceipts(
  { receipts }: Receipts,
  user: string,
  seq: number,
  events: readonly AuditedEvent[] | undefined,
): void {
  const found = receipts.filter(one => one.user === user && one.delivered !== null && one.read !== null)
  if (found.length === 0) throw new Error(`${user} has got and read it, and the receipts do not say so`)
  if (!events) return
  const both = found
    .map(({ device, delivered, read }) => ({ told: { delivered, read }, marks: marksIn(events, user, device, seq) }))
    .filter(({ marks }) => marks.read !== null)
  if (both.length === 0) throw new Error(`the receipts say that ${user} has read it, and the log does not`)
  for (const { told, marks } of both)
    if (!isDeepStrictEqual(told, marks))
      throw new Error(`the receipts of ${user} say ${JSON.stringify(told)}, the log ${JSON.stringify(marks)}`)
}

function same<T>(where: string, wanted: readonly T[], found: readonly T[], name: (one: T) => string): void {
  for (let n = 0; n < Math.max(wanted.length, found.length); n++) {
    const [want, have] = [wanted[n], found[n]]
    if (isDeepStrictEqual(want, have)) continue
    if (have === undefined) throw new Error(`${where} lacks ${name(want!)}`)
    if (want === undefined) throw new Error(`${where} has ${name(have)}, which nobody said`)
    throw new Error(`${where} has ${JSON.stringify(have)}, answered was ${JSON.stringify(want)}`)
  }
}
