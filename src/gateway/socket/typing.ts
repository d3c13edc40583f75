// Who is typing, for the other members who are online, at whichever box. Said once a second at most, recorded nowhere, and first to go when a
// reader is slow.
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Whispers } from '../../boxes/index.ts'
import type { Asker, Commands } from '../../commands/index.ts'
import type { Refusal } from '../../domain/index.ts'
import type { Timers } from '../timers.ts'
import type { Fanout } from './fanout.ts'
import { typingFrame } from './frames.ts'

export type Typing = (asker: Asker, conversation: string) => Promise<Refusal | undefined>

/** What is said more often (milliseconds) says nothing more. */
const gapMs = 1000
const remembered = 10_000
const whispered = z.object({ typing: z.object({ conversation: z.string(), user: z.string() }) })

export function createTyping(
  commands: Pick<Commands, 'announceTyping'>,
  fanout: Pick<Fanout, 'tellRoom'>,
  timers: Pick<Timers, 'now'>,
  whispers: Whispers,
  /** It is too much just now; counts it where it is. */
  sheds: () => boolean,
): Typing {
  whispers.heard.subscribe(text => {
    const data = understood(text)
    if (data && !sheds())
      fanout.tellRoom(data.typing.conversation, typingFrame({ type: 'typing', ...data.typing }), null)
  })
  const saidAt = new LRUCache<string, number>({ max: remembered })
  return async (asker, conversation) => {
    if (sheds()) return undefined
    const { user, session } = asker.actor
    const refusal = await commands.announceTyping(asker, { conversation })
    if (refusal) return refusal
    const key = `${conversation} ${user}`
    const now = timers.now()
    if (now - (saidAt.get(key) ?? -Infinity) < gapMs) return undefined
    saidAt.set(key, now)
    fanout.tellRoom(conversation, typingFrame({ type: 'typing', conversation, user }), session)
    whispers.say(JSON.stringify({ typing: { conversation, user } }))
    return undefined
  }
}

/** Boxes of other versions, and whoever else may use the database, may say anything. */
function understood(text: string): z.infer<typeof whispered> | undefined {
  try {
    return whispered.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
