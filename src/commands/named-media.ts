// The media that messages name: looked up when a message's turn has come, so that it keeps its place in the conversation.
import type { ConversationCommand, Named } from '../domain/conversation/commands.ts'
import type { MediaSide } from './ports.ts'

/** As they are asked for: what opens them is not known yet. Nothing where none are named. */
export const unlooked = (media: readonly string[] | undefined): { readonly attachments?: readonly Named[] } =>
  media?.length ? { attachments: [...new Set(media)].map(id => ({ media: id, grant: null })) } : {}

/** The commands with what opens the media that they name; the same commands, at once, where none names any. */
export function lookedUp<T extends { readonly command: ConversationCommand }>(
  mediaSide: MediaSide,
  lot: readonly T[],
): readonly T[] | Promise<readonly T[]> {
  if (!lot.some(({ command }) => namedBy(command))) return lot
  return Promise.all(
    lot.map(async task => {
      const named = namedBy(task.command)
      if (named === undefined) return task
      const ids = named.map(({ media }) => media)
      const found = await mediaSide.grants((task.command as { from: string }).from, ids)
      const attachments = ids.map(media => ({ media, grant: found.get(media) ?? null }))
      return { ...task, command: { ...task.command, attachments } }
    }),
  )
}

export const namedBy = (command: ConversationCommand): readonly Named[] | undefined =>
  'attachments' in command ? command.attachments : undefined
