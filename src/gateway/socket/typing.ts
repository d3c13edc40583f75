// Who is typing, for the other members who are here. Said once a second at most, recorded nowhere, and first to go when a
// reader is slow.
import { LRUCache } from 'lru-cache'
import type { Asker, Commands } from '../../commands/index.ts'
import type { Refusal } from '../../domain/index.ts'
import type { Timers } from '../timers.ts'
import type { Fanout } from './fanout.ts'
import { typingFrame } from './frames.ts'

export type Typing = (asker: Asker, conversation: string) => Promise<Refusal | undefined>

/** What is said more often (milliseconds) says nothing more. */
const gapMs = 1000
const remembered = 10_000

export function createTyping(
  commands: Pick<Commands, 'announceTyping'>,
  fanout: Pick<Fanout, 'tellRoom'>,
  timers: Pick<Timers, 'now'>,
): Typing {
  const saidAt = new LRUCache<string, number>({ max: remembered })
  return async (asker, conversation) => {
    const { user, session } = asker.actor
    const refusal = await commands.announceTyping(asker, { conversation })
    if (refusal) return refusal
    const key = `${conversation} ${user}`
    const now = timers.now()
    if (now - (saidAt.get(key) ?? -Infinity) < gapMs) return undefined
    saidAt.set(key, now)
    fanout.tellRoom(conversation, typingFrame({ type: 'typing', conversation, user }), session)
    return undefined
  }
}
