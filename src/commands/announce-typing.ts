// Whether somebody may say here that they are typing. Nothing of it is recorded: it is over before anybody could look it up.
import { actingIn, blockedIn, notIn } from '../domain/conversation/state.ts'
import { isRefusal, refuse, type Refusal } from '../domain/index.ts'
import type { Blocks } from './blocks.ts'
import type { Asker } from './catalogue.ts'
import type { HotConversations } from './hot-conversations.ts'
import { isUuid } from './ids.ts'

export const announceTyping =
  (conversations: HotConversations, blocks: Blocks) =>
  async (asker: Asker, { conversation }: { conversation: string }): Promise<Refusal | undefined> => {
    if (!isUuid(conversation)) return refuse('unknown-conversation')
    const { user } = asker.actor
    const { hot, fresh } = await conversations.get(conversation)
    if (!fresh && notIn(hot.state, user)) await conversations.catchUp(hot)
    const here = actingIn(hot.state, user)
    return isRefusal(here) ? here : blockedIn(here, user, { blockedBy: blocks.of(user) })
  }
