// What this process knows of messages, and of what became of messages, already sent: by the feed from every box, until the read models know them too.
import type { Batch, Position, RecordedEvent } from '../eventstore/index.ts'
import { idIn } from '../eventstore/index.ts'
import type { SentMessage } from './ports.ts'

/** Messages remembered beyond what the read models lack: repeats come soon, and memory answers them for nothing. */
const remembered = 50_000

export interface SentMessages {
  get(id: string): SentMessage | undefined
  add(message: SentMessage): void
  /** The message, once the feed has brought it. */
  seen(id: string): Promise<SentMessage>
  take(batch: Batch): void
}

/** `projected`: the position up to which the read models can be asked instead. */
export function sentMessages(projected: () => Position): SentMessages {
  const byId = new Map<string, SentMessage>()
  const awaited = new Map<string, (message: SentMessage) => void>()

  const add = ({ id, conversation, seq, from, at, position }: SentMessage) => {
    const message = { id, conversation, seq, from, at, position } // and no more, whatever the read side has beside it
    byId.set(message.id, message)
    awaited.get(message.id)?.(message)
    awaited.delete(message.id)
  }
  const forget = () => {
    const known = projected()
    for (const [id, { position }] of byId) {
      if (byId.size <= remembered || position > known) return
      byId.delete(id)
    }
  }

  return {
    get: id => byId.get(id),
    add,
    seen: id => {
      const known = byId.get(id)
      return known ? Promise.resolve(known) : new Promise(resolve => awaited.set(id, resolve))
    },
    take: ({ events }) => {
      for (const event of events) {
        const message = sentIn(event)
        if (message) add(message)
      }
      forget()
    },
  }
}

/** The answer to what a client said with an id of its own, if the event is that. */
export function sentIn(event: RecordedEvent): SentMessage | undefined {
  switch (event.type) {
    case 'MessageSent':
    case 'MessageEdited':
    case 'MessageRetracted':
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { id, stream, revision, position, data } = event
      return { id, conversation: idIn(stream), seq: revision, from: data.from, at: data.at, position }
    }
    default:
      return undefined
  }
}
