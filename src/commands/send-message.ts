// Sends a message: to a conversation, or to a person, whose direct chat begins with the first one.
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { Blocks } from './blocks.ts'
import { openBody } from './body.ts'
import { directConversation, isUuid } from './ids.ts'
import type { Asker, Send } from './catalogue.ts'
import type { SentMessage } from './ports.ts'
import type { Say } from './said-once.ts'

export const sendMessage =
  (say: Say, blocks: Blocks) =>
  (asker: Asker, { id, to, body }: Send): Promise<SentMessage | Refusal> => {
    const blockedBy = blocks.of(asker.actor.user)
    if ('conversation' in to) {
      if (!isUuid(to.conversation)) return Promise.resolve(refuse('unknown-conversation'))
      return say(asker, id, to.conversation, (from, at) => {
        const opened = openBody(body)
        return isRefusal(opened) ? opened : { type: 'SendMessage', id, from, ...opened, blockedBy, at }
      })
    }
    const conversation = directConversation(asker.actor.user, to.user)
    return say(asker, id, conversation, (from, at) => {
      const opened = openBody(body)
      if (isRefusal(opened)) return opened
      return { type: 'SendDirect', conversation, id, from, to: to.user, ...opened, blockedBy, at }
    })
  }
