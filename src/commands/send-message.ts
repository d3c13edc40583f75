// Sends a message: to a conversation, or to a person, whose direct chat begins with the first one.
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { ConversationWriter } from './conversation-writer.ts'
import { directConversation, isUuid } from './ids.ts'
import type { Asker } from './catalogue.ts'
import { metadataFor } from './metadata.ts'
import type { SentMessage } from './ports.ts'
import type { SentMessages } from './sent-messages.ts'

type To = { user: string } | { conversation: string }

/** Twice means once: a known id gets its first answer, whatever else differs. */
export function sendMessage(writer: ConversationWriter, sent: SentMessages, now: () => string) {
  /** Ids being sent right now: a repeat waits to see what becomes of the first. */
  const underWay = new Map<string, Promise<unknown>>()

  const send = async (asker: Asker, id: string, to: To, content: string): Promise<SentMessage | Refusal> => {
    const from = asker.actor.user
    const at = now()
    const conversation = 'user' in to ? directConversation(from, to.user) : to.conversation
    const common = { id, from, content, at }
    const written = await writer.write(conversation, {
      command:
        'user' in to
          ? { type: 'SendDirect', conversation, to: to.user, ...common }
          : { type: 'SendMessage', ...common },
      metadata: metadataFor(asker, at, id),
      answered: () => sent.get(id) !== undefined,
    })
    if (isRefusal(written)) return written
    const known = sent.get(id)
    if (known || written.write === null) return answer(known ?? (await sent.seen(id)), from)
    const seq = written.from + written.events.length - 1
    // the store names the position of a write's last event; of one in the middle, the feed does
    if (seq !== written.write.revision) return sent.seen(id)
    const message = { id, conversation, seq, from, at, position: written.write.position }
    sent.add(message)
    return message
  }

  return async (
    asker: Asker,
    { id, to, body }: { id: string; to: To; body: string },
  ): Promise<SentMessage | Refusal> => {
    if ('conversation' in to && !isUuid(to.conversation)) return refuse('unknown-conversation')
    for (let first = underWay.get(id); first; first = underWay.get(id)) await first.catch(() => undefined)
    const known = sent.get(id)
    if (known) return answer(known, asker.actor.user)
    const sending = send(asker, id, to, body).finally(() => underWay.delete(id))
    underWay.set(id, sending)
    return sending
  }
}

const answer = (message: SentMessage, from: string): SentMessage | Refusal =>
  message.from === from ? message : refuse('id-taken', `message id ${message.id} is another person’s`)
