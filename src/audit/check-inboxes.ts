// Whether everybody's inbox in the read models is what the log says: which conversations, in which order, how much unread.
import { decode, type EventStore, type FeedBatch, type Position, type RawEvent } from '../eventstore/index.ts'
import type { Inboxes } from '../projections/index.ts'
import { Recount } from './recount.ts'

export interface Drift {
  readonly user: string
  readonly conversation: string
  readonly what: 'missing' | 'not theirs' | 'unread' | 'order'
  /** In the read models, and by the log: counts of unread messages, places from 1 in the inbox. */
  readonly found: number | null
  readonly recounted: number | null
}

export interface Checked {
  readonly position: Position
  readonly events: number
  readonly users: number
  readonly conversations: number
  readonly unread: number
  readonly drift: readonly Drift[]
}

/** How far the log is read. */
export interface Reading {
  readonly events: number
  readonly position: Position
  readonly upTo: Position
}

/** Reads the whole log up to where the read models are as of now. Says how far it is, and last what it has found. */
export async function* checkInboxes(
  store: Pick<EventStore, 'subscribe'>,
  inboxes: () => Promise<Inboxes>,
): AsyncGenerator<{ reading: Reading } | { checked: Checked }> {
  const found = await inboxes()
  const { position: upTo } = found
  const recount = new Recount()
  if (upTo >= 0)
    for await (const { events, upTo: position } of log(store, upTo)) {
      for (const raw of events) if (raw.position <= upTo) takeReadable(recount, raw)
      yield { reading: { events: recount.events, position, upTo } }
    }
  const lines = [...found.of.values()].flat()
  yield {
    checked: {
      position: upTo,
      events: recount.events,
      users: found.of.size,
      conversations: recount.conversations,
      unread: lines.reduce((sum, { unread }) => sum + unread, 0),
      drift: driftOf(found.of, recount),
    },
  }
}

/** What cannot be read is set aside by the feed as well. */
function takeReadable(recount: Recount, raw: RawEvent): void {
  let event
  try {
    event = decode(raw)
  } catch {
    return
  }
  if (event) recount.take(event)
}

export function driftOf(found: Inboxes['of'], recount: Recount): Drift[] {
  const drift: Drift[] = []
  for (const user of new Set([...found.keys(), ...recount.users])) {
    const [there, right] = [found.get(user) ?? [], recount.inboxOf(user)]
    const unread = new Map(there.map(line => [line.conversation, line.unread]))
    const places = new Map(right.map(({ conversation }, place) => [conversation, place + 1]))
    for (const { conversation, unread: recounted } of right) {
      const count = unread.get(conversation)
      if (count === undefined) drift.push({ user, conversation, what: 'missing', found: null, recounted })
      else if (count !== recounted) drift.push({ user, conversation, what: 'unread', found: count, recounted })
    }
    const known = there.filter(({ conversation }) => places.has(conversation))
    for (const { conversation, unread: count } of there)
      if (!places.has(conversation))
        drift.push({ user, conversation, what: 'not theirs', found: count, recounted: null })
    // what is missing was told; of the others, where the first one stands that should not
    const ordered = right.filter(({ conversation }) => unread.has(conversation))
    const wrong = known.findIndex(({ conversation }, place) => ordered[place]?.conversation !== conversation)
    if (wrong >= 0) {
      const { conversation } = known[wrong]!
      const recounted = places.get(conversation)!
      drift.push({ user, conversation, what: 'order', found: wrong + 1, recounted })
    }
  }
  return drift
}

/** The batches up to a position that the log has. */
async function* log(store: Pick<EventStore, 'subscribe'>, upTo: Position): AsyncGenerator<FeedBatch> {
  const waiting: { batch: FeedBatch; taken: () => void }[] = []
  let failed: Error | undefined
  let wake = () => {}
  const stop = store.subscribe(['conversation-', 'receipts-'], undefined, {
    take: batch =>
      new Promise(taken => {
        waiting.push({ batch, taken })
        wake()
      }),
    lost: error => {
      failed = error
      wake()
    },
  })
  try {
    for (;;) {
      while (waiting.length === 0) {
        if (failed) throw failed
        await new Promise<void>(resolve => (wake = resolve))
      }
      const { batch, taken } = waiting.shift()!
      yield batch
      taken()
      if (batch.upTo >= upTo || batch.live) return
    }
  } finally {
    stop()
  }
}
