// What commands/ is to everybody else: the catalogue, put together.
import { randomUUID } from 'node:crypto'
import { streamOf, type EventStore, type Feed, type Keyring } from '../eventstore/index.ts'
import { aboutMessages } from './about-messages.ts'
import { amendMessage } from './amend-message.ts'
import { announceTyping } from './announce-typing.ts'
import { blocksOf, type Block } from './blocks.ts'
import type { Commands } from './catalogue.ts'
import { conversationWriter } from './conversation-writer.ts'
import { earlierIds } from './earlier-ids.ts'
import { failDelivery } from './fail-delivery.ts'
import { groups } from './groups.ts'
import { hotConversations } from './hot-conversations.ts'
import { importHistory } from './import-history.ts'
import { media } from './media.ts'
import { markReceipts } from './mark-receipts.ts'
import { metadataFor } from './metadata.ts'
import { ownAffairs } from './own-affairs.ts'
import { people } from './people.ts'
import type { MediaSide, ReadSide } from './ports.ts'
import type { Retention } from './retention.ts'
import { saidOnce } from './said-once.ts'
import { sendMessage } from './send-message.ts'
import { sentMessages } from './sent-messages.ts'
import { sessions } from './sessions.ts'
import { userWriter } from './user-writer.ts'

export { connectCommands } from './remote/client.ts'
export { serveCommands } from './remote/server.ts'
export { openRetention, type RetentionReport } from './retention.ts'
export { sessions } from './sessions.ts'
export type { Asker, Commands, ConversationChange, ImportEntry, SessionRef } from './catalogue.ts'
export type {
  AskedMessage,
  ConversationSnapshot,
  DeviceMarks,
  MediaSide,
  MessagesAskedAbout,
  ReadSide,
  SentMessage,
} from './ports.ts'

export interface CommandPorts {
  readonly store: EventStore
  readonly feed: Feed
  readonly keyring: Keyring
  readonly readSide: ReadSide
  readonly mediaSide: MediaSide
  readonly retention: Pick<Retention, 'run'>
  /** Who has blocked whom, as of where the feed begins. */
  readonly blocks: readonly Block[]
  /** How many members a new group may have, its creator among them. */
  readonly memberLimit: number
  /** The present time, RFC 3339 UTC with milliseconds. */
  readonly now: () => string
}

/** Puts the catalogue together. */
export function createCommands(ports: CommandPorts): Commands {
  const { store, feed, keyring, readSide, mediaSide, retention, memberLimit, now } = ports
  const blocks = blocksOf(ports.blocks)
  // what is forgotten, the read models can be asked about, and the filter of ids has heard of it
  const sent = sentMessages(() => Math.min(readSide.position(), feed.head()))
  const earlier = earlierIds(feed, readSide, sent)
  const conversations = hotConversations(store, readSide, sent.add)

  const about = aboutMessages(store, readSide, conversations)
  const writer = conversationWriter(store, keyring, conversations, about, mediaSide, earlier.lookUp)

  const { say, answerTo } = saidOnce(writer, sent, feed.head, now)
  const amend = amendMessage(say, blocks)
  const marks = markReceipts(store, readSide, conversations, now)
  const group = groups(writer, blocks, memberLimit, feed.head, now)
  const history = importHistory(writer, memberLimit, feed.head, now)
  const writeUser = userWriter(store)
  const everybody = people(store, writeUser, now)
  const connected = sessions(store, now)
  const own = ownAffairs(writeUser, blocks, feed.head, now)
  const images = media(store, feed.head, now)
  feed.batches.subscribe(batch => {
    sent.take(batch)
    conversations.take(batch)
    blocks.take(batch)
    marks.take(batch)
    everybody.take(batch)
  })
  // what the feed had brought before, and the read models do not have
  blocks.take({ events: feed.since(readSide.position()), upTo: feed.head() })

  return {
    sendMessage: sendMessage(say, blocks),
    answerTo,
    editMessage: amend.edit,
    retractMessage: amend.retract,
    react: amend.react,
    announceTyping: announceTyping(conversations, blocks),
    markDelivered: marks.delivered,
    markRead: marks.read,
    failDelivery: failDelivery(store, readSide, writer, now),
    startGroup: group.start,
    addMember: group.add,
    removeMember: group.remove,
    changeConversation: group.change,
    block: own.block,
    unblock: own.unblock,
    setPrivacy: own.setPrivacy,
    signOutDevice: own.signOutDevice,
    linkDevice: own.linkDevice,
    recordActivity: everybody.recordActivity,
    openSession: connected.open,
    arrive: everybody.arrive,
    closeSession: connected.close,
    startImport: history.start,
    importHistory: history.take,
    recordUpload: images.record,
    discardMedia: images.discard,
    runRetention: (_, options) => retention.run(options),
    recordAccess: async (asker, { id = randomUUID(), call, conversation }) => {
      const at = now()
      const data = { auditor: asker.actor.user, call, conversation, at }
      const event = { id, type: 'RecordAccessed', data, metadata: metadataFor(asker, at) }
      await store.append(streamOf('access', asker.actor.user), [event], 'any')
    },
  }
}
