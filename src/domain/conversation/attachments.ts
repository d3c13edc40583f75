// The media that a message names: all of them ones that its sender may see, or it is not said.
import { refuse, type Refusal } from '../refusals.ts'
import type { Named } from './commands.ts'
import type { Attachment } from './events.ts'

/** What a message, or what it is edited to, has of them; nothing where it names none. */
export function attached({
  attachments,
}: {
  readonly attachments?: readonly Named[] | undefined
}): { readonly attachments?: readonly Attachment[] } | Refusal {
  if (attachments === undefined) return {}
  const seen = attachments.flatMap(({ media, grant }) => (grant === null ? [] : [{ media, grant }]))
  if (seen.length === attachments.length) return { attachments: seen }
  const unseen = attachments.filter(({ grant }) => grant === null).map(({ media }) => media)
  return refuse('unknown-media', `attachments names ${unseen.join(', ')}; no image that you may see has this id`)
}
