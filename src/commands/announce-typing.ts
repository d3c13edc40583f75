// Whether somebody may say here that they are typing. Nothing of it is recorded: it is over before anybody could look it up.
import { notIn } from '../domain/conversation/state.ts'
import { refuse, type Refusal } from '../domain/index.ts'
import type { Asker } from './catalogue.ts'
import type { HotConversations } from './hot-conversations.ts'
import { isUuid } from './ids.ts'

export const announceTyping =
  (conversations: HotConversations) =>
  async (asker: Asker, { conversation }: { conversation: string }): Promise<Refusal | undefined> => {
    if (!isUuid(conversation)) return refuse('unknown-conversation')
    const { user } = asker.actor
    const { hot, fresh } = await conversations.get(conversation)
    if (!fresh && notIn(hot.state, user)) await conversations.catchUp(hot)
    return notIn(hot.state, user)
  }
