// The one writer of conversations: decides on what it knows, appends at the revision it knows, and while one append of a
// conversation is under way gathers what else is asked of it, to be decided together and appended as one write.
import { randomUUID } from 'node:crypto'
import type { ConversationCommand } from '../domain/conversation/commands.ts'
import { conversation as decider } from '../domain/conversation/decider.ts'
import type { About, Conversation } from '../domain/conversation/state.ts'
import { decide, fold } from '../domain/decider.ts'
import { isRefusal, refuse, type ConversationEvent, type Refusal } from '../domain/index.ts'
import { grantPlace, streamOf, StoreUnavailable, WrongRevision } from '../eventstore/index.ts'
import type { Appended, EventStore, Keyring, Metadata, NewEvent } from '../eventstore/index.ts'
import { askedBy, type AboutMessages } from './about-messages.ts'
import type { HotConversation, HotConversations } from './hot-conversations.ts'
import { lookedUp, namedBy } from './named-media.ts'
import type { MediaSide } from './ports.ts'

/** What a command came to: its events, the first of them at revision `from`, and the write they were part of. */
export interface Written {
  readonly events: readonly ConversationEvent[]
  readonly from: number
  /** The whole write's last revision and position; null where nothing needed to be written. */
  readonly write: Appended | null
}

export interface Task {
  readonly command: ConversationCommand
  readonly metadata: Metadata
  /** Whether something (an earlier message of the same id) answers this instead. Asked right before each decision. */
  readonly answered?: () => boolean
}

interface Queued extends Task {
  settle(outcome: Written | Refusal): void
  fail(error: unknown): void
}

/** A write stays below EventStoreDB's default maximum of 1 MiB. */
const mostBytes = 900_000
/** Rough size of an event: what is not content, and content as base64. */
const eventBytes = 500
/** A named medium: its id, and its grant sealed twice. */
const grantBytes = 1_000
const sealedBytes = (content: string) => Math.ceil(Buffer.byteLength(content) * 1.34)
/** More than this waiting for one conversation is refused as `busy`. */
const mostWaiting = 10_000

export interface ConversationWriter {
  write(conversation: string, task: Task): Promise<Written | Refusal>
}

/** `before` runs once for each gathered lot of commands, before they are decided; `about` loads the messages they are about. */
export function conversationWriter(
  store: EventStore,
  keyring: Keyring,
  conversations: HotConversations,
  about: AboutMessages,
  mediaSide: MediaSide,
  before: (hot: HotConversation, commands: readonly ConversationCommand[]) => Promise<void> | undefined,
): ConversationWriter {
  const queues = new Map<string, Queued[]>()

  /** At once where the key is at hand and no media are named: nearly always. */
  const seal = (
    conversation: string,
    about: About | undefined,
    event: ConversationEvent,
    metadata: Metadata,
  ): NewEvent | Promise<NewEvent> => {
    const { type } = event
    const id = 'id' in event ? event.id : randomUUID()
    if (type !== 'MessageSent' && type !== 'MessageEdited') return { id, type, data: event.data, metadata }
    const { from, expiresAt, content, attachments } = event.data
    // what a message is edited to has the message's own place, time and key, and goes when that goes
    const [message, at] =
      type === 'MessageEdited' ? [event.data.message, about!.get(event.data.message)!.at] : [event.id, event.data.at]
    const place = { conversation, message, author: from, at, expiresAt }
    const sealed = keyring.seal(place, content)
    if (attachments === undefined && !(sealed instanceof Promise))
      return { id, type, data: { ...event.data, content: sealed }, metadata }
    const grants = (attachments ?? []).map(async ({ media, grant }) => ({
      media,
      grant: await keyring.seal({ ...place, message: grantPlace(message, media) }, grant),
    }))
    return Promise.all([sealed, Promise.all(grants)]).then(([content, grants]) => {
      const data = { ...event.data, content, ...(attachments && { attachments: grants }) }
      return { id, type, data, metadata }
    })
  }

  /** Decides a lot in order, each on what the ones before made so. */
  const decideAll = (hot: HotConversation, lot: readonly Queued[]) => {
    let state: Conversation = hot.state
    let next = hot.head + 1
    const outcomes: { task: Queued; outcome: Refusal | Omit<Written, 'write'> }[] = []
    for (const task of lot) {
      const decision = task.answered?.() ? [] : decide(decider, task.command, state)
      if (isRefusal(decision)) {
        outcomes.push({ task, outcome: decision })
        continue
      }
      state = fold(decider, state, state.about ? placed(decision, next) : decision)
      outcomes.push({ task, outcome: { events: decision, from: next } })
      next += decision.length
    }
    return { state, outcomes }
  }

  const writeLot = async (id: string, waiting: readonly Queued[]): Promise<void> => {
    // first: an id that is looked up before a snapshot is taken may be in that, and neither in what was found nor in the tail
    const known = conversations.known(id)
    const { hot, fresh } = known ? { hot: known, fresh: false } : await conversations.get(id)
    const told = before(
      hot,
      waiting.map(task => task.command),
    )
    const found = lookedUp(mediaSide, waiting)
    const both = () => Promise.all([Promise.resolve(told), Promise.resolve(found)])
    const lot = told || found instanceof Promise ? (await both())[1] : found
    const asked = lot.flatMap(({ command }) => askedBy(command) ?? [])
    if (asked.length > 0) await about.load(hot, asked)
    for (let current = fresh; ; current = true) {
      const { head } = hot // what the decision is made on; a receipt may let `hot` catch up while bodies are sealed
      const { state, outcomes } = decideAll(hot, lot)
      // memory may be behind another box: nobody is refused, nor told that it is so already, before the stream itself was read
      if (!current && outcomes.some(({ task, outcome }) => isRefusal(outcome) || isSo(task, outcome))) {
        await conversations.catchUp(hot)
        continue
      }
      const sealed = outcomes.flatMap(({ task, outcome }) =>
        isRefusal(outcome) ? [] : outcome.events.map(event => seal(id, state.about, event, task.metadata)),
      )
      const late = sealed.some(event => event instanceof Promise)
      const events = late ? await Promise.all(sealed.map(event => Promise.resolve(event))) : (sealed as NewEvent[])
      let write: Appended | null = null
      if (events.length > 0) {
        try {
          write = await store.append(streamOf('conversation', id), events, head < 0 ? 'none' : head)
        } catch (error) {
          if (!(error instanceof WrongRevision)) throw error
          await conversations.catchUp(hot)
          continue
        }
        if (hot.head < write.revision) {
          hot.state = state
          hot.head = write.revision
        }
      }
      if (asked.length > 0) about.forget(hot)
      for (const { task, outcome } of outcomes) task.settle(isRefusal(outcome) ? outcome : { ...outcome, write })
      return
    }
  }

  const drain = async (id: string, queue: Queued[]): Promise<void> => {
    await Promise.resolve() // what a client says in one breath is one write
    while (queue.length > 0) {
      const lot = queue.splice(0, lotSize(queue))
      try {
        await writeLot(id, lot)
      } catch (error) {
        conversations.forget(id) // an append of unknown outcome: what is so is what the stream says next time
        const busy = error instanceof StoreUnavailable ? refuse('busy', error.message, 1_000) : undefined
        for (const task of lot) {
          if (busy) task.settle(busy)
          else task.fail(error)
        }
      }
    }
    queues.delete(id)
  }

  return {
    write: (conversation, task) =>
      new Promise((settle, fail) => {
        const { command, metadata, answered } = task
        const queued: Queued = { command, metadata, ...(answered && { answered }), settle, fail }
        const queue = queues.get(conversation)
        if (!queue) {
          const fresh = [queued]
          queues.set(conversation, fresh)
          void drain(conversation, fresh)
        } else if (queue.length >= mostWaiting) {
          settle(refuse('busy', `${mostWaiting} commands wait for this conversation`, 1_000))
        } else queue.push(queued)
      }),
  }
}

/** It changes nothing, and was not answered before. */
const isSo = (task: Queued, { events }: Omit<Written, 'write'>): boolean => events.length === 0 && !task.answered?.()

/** Events with the seqs they will have. */
const placed = (events: readonly ConversationEvent[], first: number): ConversationEvent[] =>
  events.map((event, n) => ({ ...event, revision: first + n }))

/** How many of the waiting go into one write: as many as fit, at least one. */
function lotSize(queue: readonly Queued[]): number {
  if (queue.length === 1) return 1
  let bytes = 0
  for (const [index, { command }] of queue.entries()) {
    bytes += commandBytes(command)
    if (bytes > mostBytes) return Math.max(index, 1)
  }
  return queue.length
}

/** About how many bytes a command's events take in the log. */
export function commandBytes(command: ConversationCommand): number {
  if ('content' in command)
    return eventBytes + sealedBytes(command.content) + grantBytes * (namedBy(command)?.length ?? 0)
  if (command.type !== 'ImportHistory') return eventBytes
  let bytes = eventBytes
  for (const entry of command.entries)
    bytes += 2 * eventBytes + (entry.what === 'said' ? sealedBytes(entry.content) : 0)
  return bytes
}

/** The most that one command may take. */
export const mostCommandBytes = mostBytes
