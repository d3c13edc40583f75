// What clients say with an id of their own: a message, and what becomes of one. Twice means once.
import type { ConversationCommand } from '../domain/conversation/commands.ts'
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { Position } from '../eventstore/index.ts'
import type { Asker } from './catalogue.ts'
import type { ConversationWriter } from './conversation-writer.ts'
import { metadataFor } from './metadata.ts'
import type { SentMessage } from './ports.ts'
import type { SentMessages } from './sent-messages.ts'

/** A known id gets its first answer, whatever else differs: `command` is not asked for then. */
export type Say = (
  asker: Asker,
  id: string,
  conversation: string,
  command: (from: string, at: string) => ConversationCommand | Refusal,
) => Promise<SentMessage | Refusal>

export interface SaidOnce {
  readonly say: Say
  /** What an id that memory knows was answered with, or is being; null where it does not know it. */
  answerTo(asker: Asker, said: { id: string }): Promise<SentMessage | Refusal | null>
}

export function saidOnce(
  writer: ConversationWriter,
  sent: SentMessages,
  head: () => Position,
  now: () => string,
): SaidOnce {
  /** Ids being said right now: a repeat waits to see what becomes of the first. */
  const underWay = new Map<string, Promise<unknown>>()

  const say: Say = async (asker, id, conversation, command) => {
    const from = asker.actor.user
    const at = now()
    const asked = command(from, at)
    if (isRefusal(asked)) return asked
    let repeated = false
    const written = await writer.write(conversation, {
      command: asked,
      metadata: metadataFor(asker, at, id),
      answered: () => (repeated = sent.get(id) !== undefined),
    })
    if (isRefusal(written)) return written
    const known = sent.get(id)
    if (known || repeated) return answer(known ?? (await sent.seen(id)), from)
    const seq = written.from + written.events.length - 1
    // it was so already: as of here, and as of what this process has seen
    if (written.events.length === 0)
      return noted({ id, conversation, seq, from, at, position: written.write?.position ?? head() })
    // the store names the position of a write's last event; of one in the middle, the feed does
    if (seq !== written.write!.revision) return sent.seen(id)
    return noted({ id, conversation, seq, from, at, position: written.write!.position })
  }

  const noted = (message: SentMessage): SentMessage => {
    sent.add(message)
    return message
  }

  const answerTo: SaidOnce['answerTo'] = async (asker, { id }) => {
    for (let first = underWay.get(id); first; first = underWay.get(id)) await first.catch(() => undefined)
    const known = sent.get(id)
    return known ? answer(known, asker.actor.user) : null
  }

  return {
    answerTo,
    async say(asker, id, conversation, command) {
      for (let first = underWay.get(id); first; first = underWay.get(id)) await first.catch(() => undefined)
      const known = sent.get(id)
      if (known) return answer(known, asker.actor.user)
      const saying = say(asker, id, conversation, command).finally(() => underWay.delete(id))
      underWay.set(id, saying)
      return saying
    },
  }
}

const answer = (message: SentMessage, from: string): SentMessage | Refusal =>
  message.from === from ? message : refuse('id-taken', `id ${message.id} is another person’s`)
