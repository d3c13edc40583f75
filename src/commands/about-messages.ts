// What has to be known of messages before something may become of them: as of the very event that the decision is made on. The
// read models tell what they have, the stream's tail the rest. Commands that are about no message pay nothing.
import type { ConversationCommand } from '../domain/conversation/commands.ts'
import { conversation as decider } from '../domain/conversation/decider.ts'
import type { About, Conversation, OpenConversation } from '../domain/conversation/state.ts'
import { evolve } from '../domain/decider.ts'
import type { ConversationEvent } from '../domain/index.ts'
import { decode, streamOf, type EventStore, type Sealed } from '../eventstore/index.ts'
import type { HotConversation, HotConversations } from './hot-conversations.ts'
import type { AskedMessage, MessagesAskedAbout, ReadSide } from './ports.ts'

/** The message that a command is about, if it is about one. */
export function askedBy(command: ConversationCommand): AskedMessage | undefined {
  if ('message' in command) return { user: command.from, message: command.message }
  const replyTo = 'replyTo' in command ? command.replyTo : undefined
  return replyTo === undefined ? undefined : { user: (command as { from: string }).from, message: replyTo }
}

export type AboutMessages = ReturnType<typeof aboutMessages>

export function aboutMessages(store: EventStore, readSide: ReadSide, conversations: HotConversations) {
  /** Folds what came after `seq`. */
  const foldTail = async (id: string, from: Conversation, seq: number) => {
    let [state, last] = [from, seq]
    for await (const page of store.read(streamOf('conversation', id), seq + 1))
      for (const raw of page) {
        const event = decode(raw)
        if (event) state = evolve(decider, state, event as ConversationEvent<Sealed> as ConversationEvent)
        last = raw.revision
      }
    return { state, last }
  }

  return {
    /** Adds to the conversation's state what is known of these messages, as of its head. */
    load: async (hot: HotConversation, asked: readonly AskedMessage[]): Promise<void> => {
      const found = await readSide.askedAbout(hot.id, asked)
      let state = asAsked(found, asked)
      for (let seq = found.seq; seq !== hot.head;) {
        if (seq < hot.head) ({ state, last: seq } = await foldTail(hot.id, state, seq))
        else await conversations.catchUp(hot)
        if (seq > hot.head && ((await store.last(streamOf('conversation', hot.id)))?.revision ?? -1) < seq)
          throw new Error(
            `the read models have ${hot.id} up to ${seq}, and its stream ends before: they are of another log`,
          )
      }
      hot.state = { ...hot.state, about: state.about! }
    },

    /** Nobody asks any more. */
    forget: (hot: HotConversation): void => {
      const { about: _, ...state } = hot.state
      hot.state = state
    },
  }
}

/** The conversation as far as the fold of what came later needs it: who of those who ask is in, and the messages. */
function asAsked(found: MessagesAskedAbout, asked: readonly AskedMessage[]): Conversation {
  const about: About = new Map([
    ...asked.map(({ message }) => [message, null] as const),
    ...found.messages.map(({ id, seenBy, reactions, failedFor, ...said }) => {
      const byUser = new Map<string, Set<string>>()
      for (const { user, reaction } of reactions) byUser.set(user, (byUser.get(user) ?? new Set()).add(reaction))
      return [id, { ...said, seenBy: new Set(seenBy), reactions: byUser, failedFor: new Set(failedFor) }] as const
    }),
  ])
  if (found.seq < 0) return { ...decider.initial, about }
  const members = new Map(found.members.map(user => [user, 'member'] as const))
  return { ...blank, members, about }
}

const blank: OpenConversation = {
  status: 'open',
  kind: 'group',
  name: null,
  members: new Map(),
  former: new Set(),
  memberLimit: 0,
  delivered: false,
  retention: { mode: 'permanent' },
  imported: new Map(),
}
