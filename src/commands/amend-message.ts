// What becomes of a message that was said: it is edited, retracted, reacted to. Each has an id of its own, and happens once.
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { Blocks } from './blocks.ts'
import { openBody } from './body.ts'
import type { Asker, OfMessage, Send } from './catalogue.ts'
import { isUuid } from './ids.ts'
import type { SentMessage } from './ports.ts'
import type { Say } from './said-once.ts'

export function amendMessage(say: Say, blocks: Blocks) {
  const about = (asker: Asker, { id, conversation }: OfMessage, command: Parameters<Say>[3]) =>
    isUuid(conversation) ? say(asker, id, conversation, command) : Promise.resolve(refuse('unknown-conversation'))
  return {
    edit: (asker: Asker, edit: OfMessage & Pick<Send, 'body'>): Promise<SentMessage | Refusal> =>
      about(asker, edit, (from, at) => {
        const { id, message, body } = edit
        const opened = openBody(body)
        if (isRefusal(opened)) return opened
        const said = { ...opened, replyTo: undefined } // what it answers stays what it was
        return { type: 'EditMessage', id, message, from, ...said, blockedBy: blocks.of(from), at }
      }),
    retract: (asker: Asker, retraction: OfMessage): Promise<SentMessage | Refusal> =>
      about(asker, retraction, (from, at) => {
        const { id, message } = retraction
        return { type: 'RetractMessage', id, message, from, at }
      }),
    react: (asker: Asker, mark: OfMessage & { reaction: string; on: boolean }): Promise<SentMessage | Refusal> =>
      about(asker, mark, (from, at) => {
        const { id, message, reaction, on } = mark
        return { type: 'React', id, message, from, reaction, on, blockedBy: blocks.of(from), at }
      }),
  }
}
