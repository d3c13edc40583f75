// Groups: starting one, letting somebody in, taking somebody out, leaving; and what a conversation is: name, retention, marks.
import { isRefusal, refuse, type Refusal, type Retention, type Role } from '../domain/index.ts'
import type { ConversationCommand } from '../domain/conversation/commands.ts'
import type { Position } from '../eventstore/index.ts'
import type { ConversationWriter, Written } from './conversation-writer.ts'
import { isChosenId, isUuid } from './ids.ts'
import type { Blocks } from './blocks.ts'
import type { Asker, ConversationChange } from './catalogue.ts'
import { metadataFor } from './metadata.ts'

/** Members that a group may begin with: they stand in one event, which has to fit into one write. */
const mostMembers = 5_000

export function groups(
  writer: ConversationWriter,
  blocks: Blocks,
  memberLimit: number,
  head: () => Position,
  now: () => string,
) {
  const write = async (
    asker: Asker,
    conversation: string,
    command: (by: string, at: string) => ConversationCommand,
  ): Promise<Written | Refusal> => {
    if (!isUuid(conversation)) return refuse('unknown-conversation')
    const at = now()
    return writer.write(conversation, { command: command(asker.actor.user, at), metadata: metadataFor(asker, at) })
  }
  /** Where nothing was written it was so already: as of what this process has seen. */
  const positionOf = (written: Written) => ({ position: written.write?.position ?? head() })

  const change = async (...asked: Parameters<typeof write>) => {
    const written = await write(...asked)
    return isRefusal(written) ? written : positionOf(written)
  }

  return {
    start: async (
      asker: Asker,
      group: { id: string; name: string; members: readonly string[]; delivered: boolean; retention: Retention },
    ) => {
      const { id: conversation, ...rest } = group
      if (!isChosenId(conversation)) return refuse('bad-request', `id ${conversation}: a UUID of version 4 or 7`)
      if (group.members.length > mostMembers)
        return refuse(
          'too-large',
          `${group.members.length} members at once; at most ${mostMembers}: add the others after`,
        )
      const written = await write(asker, conversation, (by, at) => ({
        type: 'StartGroup',
        conversation,
        by,
        blockedBy: blocks.of(by),
        memberLimit,
        at,
        ...rest,
      }))
      return isRefusal(written) ? written : { seq: 0, ...positionOf(written) }
    },
    add: (asker: Asker, { conversation, ...member }: { conversation: string; user: string; role?: Role | undefined }) =>
      change(asker, conversation, (by, at) => ({ type: 'InviteMember', ...member, by, blockedBy: blocks.of(by), at })),
    remove: (asker: Asker, { conversation, user }: { conversation: string; user: string }) =>
      change(asker, conversation, (by, at) => ({ type: 'RemoveMember', user, by, at })),
    change: (asker: Asker, { conversation, ...to }: { conversation: string } & ConversationChange) =>
      change(asker, conversation, (by, at) => ({
        type: 'ChangeConversation',
        ...to,
        by,
        blockedBy: blocks.of(by),
        at,
      })),
  }
}
