// A person's own affairs: whom they block, who may see when they were there, and which devices are theirs.
import { isRefusal, refuse, type Audience, type Refusal } from '../domain/index.ts'
import type { UserCommand } from '../domain/user/commands.ts'
import { StoreUnavailable, type Position } from '../eventstore/index.ts'
import type { Blocks } from './blocks.ts'
import type { Asker } from './catalogue.ts'
import type { UserWriter } from './user-writer.ts'

export function ownAffairs(write: UserWriter, blocks: Blocks, head: () => Position, now: () => string) {
  const settle = async (asker: Asker, command: UserCommand): Promise<{ position: Position } | Refusal> => {
    try {
      const written = await write(asker, command)
      if (isRefusal(written)) return written
      for (const event of written.events) blocks.note(event)
      return { position: written.position ?? head() }
    } catch (error) {
      if (error instanceof StoreUnavailable) return refuse('busy', error.message, 1_000)
      throw error
    }
  }
  const of = (asker: Asker) => ({ user: asker.actor.user, at: now() })
  return {
    block: (asker: Asker, { user: other }: { user: string }) => settle(asker, { type: 'Block', other, ...of(asker) }),
    unblock: (asker: Asker, { user: other }: { user: string }) =>
      settle(asker, { type: 'Unblock', other, ...of(asker) }),
    setPrivacy: (asker: Asker, { lastSeen }: { lastSeen: Audience }) =>
      settle(asker, { type: 'ChangePrivacy', lastSeen, ...of(asker) }),
    signOutDevice: (asker: Asker, { user, device }: { user: string; device: string }) =>
      settle(asker, { type: 'SignOut', user, device, at: now() }),
    linkDevice: (asker: Asker) => settle(asker, { type: 'Return', device: asker.actor.device, ...of(asker) }),
  }
}
