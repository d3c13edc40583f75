// Marks how far a device has got or read. Marks made while an append of the conversation's receipts is under way are
// gathered, the latest of each device, and appended as one write, without a window. A prototype on 2 cores did 3,443 complete
// messages/s so, 1,872 with an append for every mark.
import DataLoader from 'dataloader'
import { LRUCache } from 'lru-cache'
import type { ReceiptsCommand } from '../domain/receipts/commands.ts'
import { receipts as decider, type Marks } from '../domain/receipts/decider.ts'
import { decide, evolve, fold } from '../domain/decider.ts'
import { notIn } from '../domain/conversation/state.ts'
import { isRefusal, refuse, type ReceiptsEvent, type Refusal } from '../domain/index.ts'
import { idIn, StoreUnavailable, streamOf, WrongRevision } from '../eventstore/index.ts'
import type { Batch, EventStore, Metadata, NewEvent } from '../eventstore/index.ts'
import type { HotConversations } from './hot-conversations.ts'
import { eventIdOf, isUuid } from './ids.ts'
import type { Asker } from './catalogue.ts'
import { metadataFor } from './metadata.ts'
import type { DeviceMarks, ReadSide } from './ports.ts'

type Kind = ReceiptsCommand['type']
interface Waiting {
  /** Whose mark it is: the conversation's member with this device. */
  readonly key: string
  readonly command: ReceiptsCommand
  readonly metadata: Metadata
}
/** Marks that will be one write. */
interface Lot {
  /** By kind and device: the highest takes the place of the others. */
  readonly waiting: Map<string, Waiting>
  readonly written: Promise<void>
}

const marksInMemory = 100_000
/** Marks of other boxes that the read models may not have yet. */
const toldInMemory = 20_000
const keyOf = (m: { conversation: string; user: string; device: string }) => `${m.conversation}\n${m.user}\n${m.device}`

export function markReceipts(
  store: EventStore,
  readSide: ReadSide,
  conversations: HotConversations,
  now: () => string,
) {
  const known = new LRUCache<string, Marks>({ max: marksInMemory })
  /** By the feed, of devices that are not known here: at least so far. */
  const told = new LRUCache<string, Marks>({ max: toldInMemory })
  /** By conversation: the lot that is being gathered, and the write that goes before it. */
  const gathering = new Map<string, Lot>()
  const writing = new Map<string, Promise<void>>()
  const stored = new DataLoader<Omit<DeviceMarks, 'delivered' | 'read'>, Marks>(
    async devices => {
      const found = new Map((await readSide.marks(devices)).map(marks => [keyOf(marks), marks]))
      return devices.map(device => found.get(keyOf(device)) ?? decider.initial)
    },
    { cache: false, maxBatchSize: 1_000 },
  )

  /** Where the devices of a lot are; of those that are not known here it is asked. */
  const marksOf = (lot: Iterable<Waiting>): Map<string, Marks> | Promise<Map<string, Marks>> => {
    const marks = new Map<string, Marks>()
    let strangers: Promise<unknown>[] | undefined
    for (const { key, command } of lot) {
      const mark = known.get(key)
      if (mark !== undefined) marks.set(key, mark)
      else (strangers ??= []).push(ask(key, command).then(mark => marks.set(key, mark)))
    }
    return strangers ? Promise.all(strangers).then(() => marks) : marks
  }
  const ask = async (key: string, { user, device }: ReceiptsCommand): Promise<Marks> => {
    const conversation = key.slice(0, key.indexOf('\n'))
    return higher(await stored.load({ conversation, user, device }), told.get(key))
  }

  const append = async (conversation: string, lot: readonly Waiting[]): Promise<void> => {
    const found = marksOf(lot)
    const marks = found instanceof Map ? found : await found
    const together: NewEvent[] = []
    // who is new here may have come from another box, and be told there just now: theirs is a write by itself
    const alone = new Map<string, NewEvent[]>()
    for (const { key, command, metadata } of lot) {
      const now = marks.get(key)!
      const decided = decide(decider, command, now) as readonly ReceiptsEvent[] // range was checked when it was asked
      marks.set(key, fold(decider, now, decided))
      for (const { type, data } of decided) {
        // a device's mark is there once: said at two boxes at once, it is the same event
        const event = { id: eventIdOf(`${type} ${data.upTo}`, key), type, data, metadata }
        if (known.has(key)) together.push(event)
        else if (!alone.get(key)?.push(event)) alone.set(key, [event])
      }
    }
    if (alone.size === 0) {
      if (together.length > 0) await write(conversation, together)
    } else {
      const writes = [...alone.values(), ...(together.length > 0 ? [together] : [])]
      await Promise.all(writes.map(events => write(conversation, events)))
    }
    for (const [key, value] of marks) known.set(key, value)
  }

  /** What another box has written already, the store knows by its id. A write that is so in part goes mark by mark. */
  const write = async (conversation: string, events: readonly NewEvent[]): Promise<void> => {
    const stream = streamOf('receipts', conversation)
    try {
      await store.append(stream, events, 'any')
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error
      for (const event of events) await store.append(stream, [event], 'any')
    }
  }

  const begin = (conversation: string): Lot => {
    const waiting = new Map<string, Waiting>()
    const written = (writing.get(conversation) ?? Promise.resolve()).then(() => {
      gathering.delete(conversation)
      return append(conversation, [...waiting.values()])
    })
    const over = written
      .catch(() => undefined) // those who wait for this lot hear of it; the next one is another matter
      .then(() => {
        if (writing.get(conversation) === over) writing.delete(conversation)
      })
    writing.set(conversation, over)
    const lot = { waiting, written }
    gathering.set(conversation, lot)
    return lot
  }

  const gather = (conversation: string, mark: Waiting): Promise<void> => {
    const lot = gathering.get(conversation) ?? begin(conversation)
    const { type, upTo } = mark.command
    const key = `${type}\n${mark.key}`
    if (upTo > (lot.waiting.get(key)?.command.upTo ?? -1)) lot.waiting.set(key, mark)
    return lot.written
  }

  const mark = async (type: Kind, asker: Asker, conversation: string, upTo: number): Promise<Refusal | undefined> => {
    if (!isUuid(conversation)) return refuse('unknown-conversation')
    const { user, device } = asker.actor
    const atHand = conversations.known(conversation)
    const { hot, fresh } = atHand ? { hot: atHand, fresh: false } : await conversations.get(conversation)
    if (!fresh && (notIn(hot.state, user) || upTo > hot.head)) await conversations.catchUp(hot)
    const stranger = notIn(hot.state, user)
    if (stranger) return stranger
    const command = { type, user, device, upTo, end: hot.head, at: now() }
    const decision = decide(decider, command, decider.initial)
    if (isRefusal(decision)) return decision
    if (type === 'MarkDelivered' && hot.state.status === 'open' && !hot.state.delivered) return undefined
    const key = keyOf({ conversation, user, device })
    try {
      await gather(conversation, { key, command, metadata: metadataFor(asker, command.at) })
      return undefined
    } catch (error) {
      if (error instanceof StoreUnavailable) return refuse('busy', error.message, 1_000)
      throw error
    }
  }

  /** What other boxes told of marks need not be told again. */
  const take = ({ events }: Batch): void => {
    for (const event of events) {
      if (event.type !== 'MessagesDelivered' && event.type !== 'MessagesRead') continue
      const { user, device } = event.data
      const key = keyOf({ conversation: idIn(event.stream), user, device })
      const mark = known.peek(key)
      const marks = mark ? known : told
      const before = mark ?? told.get(key) ?? decider.initial
      const raises = event.data.upTo > (event.type === 'MessagesRead' ? before.read : before.delivered)
      if (raises) marks.set(key, evolve(decider, before, event)) // one's own come back here, and raise nothing
    }
  }

  return {
    take,
    delivered: (asker: Asker, at: { conversation: string; upTo: number }) =>
      mark('MarkDelivered', asker, at.conversation, at.upTo),
    read: (asker: Asker, at: { conversation: string; upTo: number }) =>
      mark('MarkRead', asker, at.conversation, at.upTo),
  }
}

const higher = (one: Marks, other: Marks = decider.initial): Marks => ({
  delivered: Math.max(one.delivered, other.delivered),
  read: Math.max(one.read, other.read),
})
