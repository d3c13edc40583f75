// Conversations in memory: who is in them and how far they go, bounded, loaded from the read models and the stream's tail.
import DataLoader from 'dataloader'
import { LRUCache } from 'lru-cache'
import { conversation as decider } from '../domain/conversation/decider.ts'
import type { Conversation } from '../domain/conversation/state.ts'
import { evolve } from '../domain/decider.ts'
import { decode, idIn, streamOf, type Batch, type EventStore, type Position, type Sealed } from '../eventstore/index.ts'
import type { ConversationEvent } from '../domain/index.ts'
import type { ConversationSnapshot, ReadSide, SentMessage } from './ports.ts'
import { sentIn } from './sent-messages.ts'

/** One conversation as this box knows it: `state` after the event at revision `head` (-1: there is none). */
export interface HotConversation {
  readonly id: string
  state: Conversation
  head: number
  /** How far the read models were that it was loaded from, in `$all`; -1: they did not know it. */
  readonly asOf: Position
}

const inMemory = 10_000

export interface HotConversations {
  /** What is in memory already: as of now or earlier. */
  known(id: string): HotConversation | undefined
  /** Loaded, and as of now or earlier; `fresh` tells whether the tail was read for this call. */
  get(id: string): Promise<{ hot: HotConversation; fresh: boolean }>
  /** Reads what others have appended since. */
  catchUp(hot: HotConversation): Promise<void>
  /** What is in memory may not be so: the next `get` loads again. */
  forget(id: string): void
  /** What another box has changed: a conversation that is behind it is loaded again. Messages, and what becomes of them, change nothing kept. */
  take(batch: Batch): void
}

/** `onMessage` hears of every message, and of what became of messages, in the tails that are read. */
export function hotConversations(
  store: EventStore,
  readSide: ReadSide,
  onMessage: (message: SentMessage) => void,
): HotConversations {
  const cache = new LRUCache<string, HotConversation>({ max: inMemory })
  const loading = new Map<string, Promise<HotConversation>>()
  const snapshots = new DataLoader<string, ConversationSnapshot | null>(
    async ids => {
      const found = new Map((await readSide.conversations(ids)).map(snapshot => [snapshot.conversation, snapshot]))
      return ids.map(id => found.get(id) ?? null)
    },
    { cache: false, maxBatchSize: 1_000 },
  )

  const readTail = async (hot: HotConversation): Promise<void> => {
    for await (const page of store.read(streamOf('conversation', hot.id), hot.head + 1)) {
      for (const raw of page) {
        if (raw.revision <= hot.head) continue // the writer has appended it meanwhile
        const event = decode(raw)
        hot.head = raw.revision
        if (event === undefined) continue
        hot.state = evolve(decider, hot.state, event as ConversationEvent<Sealed> as ConversationEvent)
        const message = sentIn(event)
        if (message) onMessage(message)
      }
    }
  }

  /** One after another: a reading that began earlier may not know what this one is to find. */
  const reading = new WeakMap<HotConversation, Promise<void>>()
  const catchUp = (hot: HotConversation): Promise<void> => {
    const before = reading.get(hot) ?? Promise.resolve()
    const mine = before.catch(() => undefined).then(() => readTail(hot))
    reading.set(hot, mine)
    return mine
  }

  const load = async (id: string): Promise<HotConversation> => {
    const snapshot = await snapshots.load(id)
    const hot = {
      id,
      state: snapshot ? restored(snapshot) : decider.initial,
      head: snapshot?.seq ?? -1,
      asOf: snapshot?.asOf ?? -1,
    }
    await catchUp(hot)
    cache.set(id, hot)
    return hot
  }

  return {
    known: id => cache.get(id),
    get: async id => {
      const known = cache.get(id)
      if (known) return { hot: known, fresh: false }
      const begun = loading.get(id)
      if (begun) return { hot: await begun, fresh: false } // it may have read the tail before what this call is about
      const promise = load(id).finally(() => loading.delete(id))
      loading.set(id, promise)
      return { hot: await promise, fresh: true }
    },
    catchUp,
    forget: id => void cache.delete(id),
    take: ({ events }) => {
      for (const event of events) {
        const { type, stream, revision } = event
        if (type === 'MessageSent' || type === 'DeliveryFailed' || !stream.startsWith('conversation-') || sentIn(event))
          continue
        const id = idIn(stream)
        if ((cache.peek(id)?.head ?? revision) < revision) cache.delete(id)
      }
    },
  }
}

function restored(snapshot: ConversationSnapshot): Conversation {
  const { kind, name, memberLimit, delivered, retention } = snapshot
  return {
    status: 'open',
    kind,
    name,
    memberLimit,
    delivered,
    retention,
    members: new Map(snapshot.members.map(({ user, role }) => [user, role])),
    former: new Set(snapshot.former),
    imported: new Map(snapshot.imported.map(({ source, upToLine }) => [source, upToLine])),
  }
}
