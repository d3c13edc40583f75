// The catalogue: everything that can be asked of Verbatim, with what it answers. A refusal is an answer.
import DataLoader from 'dataloader'
import { randomUUID } from 'node:crypto'
import type { Refusal, Retention, SessionEnd } from '../domain/index.ts'
import {
  streamOf,
  type Actor,
  type EventStore,
  type Feed,
  type Keyring,
  type Origin,
  type Position,
} from '../eventstore/index.ts'
import { conversationWriter } from './conversation-writer.ts'
import { groups } from './groups.ts'
import { hotConversations } from './hot-conversations.ts'
import { importHistory } from './import-history.ts'
import { markReceipts } from './mark-receipts.ts'
import { metadataFor } from './metadata.ts'
import { people } from './people.ts'
import type { ReadSide, SentMessage } from './ports.ts'
import { sendMessage } from './send-message.ts'
import { sentMessages } from './sent-messages.ts'

export type { ConversationSnapshot, DeviceMarks, ReadSide, SentMessage } from './ports.ts'

/** Who asks, and how. */
export interface Asker {
  readonly actor: Actor & { readonly user: string; readonly device: string }
  readonly origin: Origin
}

export interface SessionRef {
  readonly user: string
  readonly session: string
  readonly device: string
  readonly box: string
}

/** One line's meaning in an imported history; see domain/conversation/commands.ts. `body` is JSON text. */
export type ImportEntry = { readonly line: number; readonly at: string; readonly user: string } & (
  | { readonly what: 'joined' }
  | { readonly what: 'left' }
  | { readonly what: 'said'; readonly id: string; readonly body: string }
)

export interface Commands {
  /** `body` is the JSON text of the body; `to` a user or a conversation. The same id is always answered the same. */
  sendMessage(
    asker: Asker,
    send: { id: string; to: { user: string } | { conversation: string }; body: string },
  ): Promise<SentMessage | Refusal>
  markDelivered(asker: Asker, mark: { conversation: string; upTo: number }): Promise<Refusal | undefined>
  markRead(asker: Asker, mark: { conversation: string; upTo: number }): Promise<Refusal | undefined>
  startGroup(
    asker: Asker,
    group: { id: string; name: string; members: readonly string[]; delivered: boolean; retention: Retention },
  ): Promise<{ seq: number; position: Position } | Refusal>
  addMember(asker: Asker, member: { conversation: string; user: string }): Promise<{ position: Position } | Refusal>
  leave(asker: Asker, member: { conversation: string }): Promise<{ position: Position } | Refusal>
  /** The user did something: told to the log at most once in five seconds. */
  recordActivity(asker: Asker): Promise<void>
  /** Registers who is new, links a new device, opens the session. */
  openSession(session: SessionRef): Promise<void>
  closeSession(session: SessionRef, why: SessionEnd): Promise<void>
  /** The channel's conversation (its id follows from the channel's name), started where there is none. */
  startImport(asker: Asker, channel: { name: string }): Promise<{ conversation: string; position: Position } | Refusal>
  /** `imported`: how many entries are new; what is known already, by source and line, changes nothing. */
  importHistory(
    asker: Asker,
    history: { conversation: string; source: string; upToLine: number; entries: readonly ImportEntry[] },
  ): Promise<{ imported: number; upToLine: number; position: Position } | Refusal>
  /** An auditor looked: told to the log before the answer begins. `call` names it, without any content. */
  recordAccess(asker: Asker, access: { call: string; conversation: string | null }): Promise<void>
}

export interface CommandPorts {
  readonly store: EventStore
  readonly feed: Feed
  readonly keyring: Keyring
  readonly readSide: ReadSide
  /** How many members a new group may have, its creator among them. */
  readonly memberLimit: number
  /** The present time, RFC 3339 UTC with milliseconds. */
  readonly now: () => string
}

/** Puts the catalogue together. */
export function createCommands({ store, feed, keyring, readSide, memberLimit, now }: CommandPorts): Commands {
  const sent = sentMessages(() => readSide.position())
  const conversations = hotConversations(store, readSide, sent.add)

  // ids that memory does not know are looked up, for all conversations that write in this tick in one query
  const earlier = new DataLoader<string, SentMessage | null>(
    async ids => {
      const found = new Map((await readSide.messages(ids)).map(message => [message.id, message]))
      return ids.map(id => found.get(id) ?? null)
    },
    { cache: false, maxBatchSize: 1_000 },
  )
  const writer = conversationWriter(store, keyring, conversations, async commands => {
    const ids = commands.flatMap(command => ('id' in command && !sent.get(command.id) ? [command.id] : []))
    for (const message of await Promise.all(ids.map(id => earlier.load(id)))) if (message) sent.add(message)
  })

  const send = sendMessage(writer, sent, now)
  const marks = markReceipts(store, readSide, conversations, now)
  const group = groups(writer, memberLimit, feed.head, now)
  const history = importHistory(writer, memberLimit, feed.head, now)
  const everybody = people(store, now)
  feed.batches.subscribe(batch => {
    sent.take(batch)
    everybody.take(batch)
  })

  return {
    sendMessage: send,
    markDelivered: marks.delivered,
    markRead: marks.read,
    startGroup: group.start,
    addMember: group.add,
    leave: group.leave,
    recordActivity: everybody.recordActivity,
    openSession: everybody.openSession,
    closeSession: everybody.closeSession,
    startImport: history.start,
    importHistory: history.take,
    recordAccess: async (asker, { call, conversation }) => {
      const at = now()
      const data = { auditor: asker.actor.user, call, conversation, at }
      const event = { id: randomUUID(), type: 'RecordAccessed', data, metadata: metadataFor(asker, at) }
      await store.append(streamOf('access', asker.actor.user), [event], 'any')
    },
  }
}
