// What may become of a message that was said: its author edits it, its author or in a group an owner or admin takes it back,
// whoever may see it reacts to it and answers it.
import { isRefusal, refuse, type Refusal } from '../refusals.ts'
import { attached } from './attachments.ts'
import { isOver } from './expiry.ts'
import type { EditMessage, React, RetractMessage } from './commands.ts'
import type { ConversationEvent, MessageSent, ReactionAdded } from './events.ts'
import { actingIn, blockedIn, type Conversation, type OpenConversation, type Said } from './state.ts'

type Decision = readonly ConversationEvent[] | Refusal

/** Different reactions that one person may leave on one message. */
const mostReactions = 20

export function editMessage(command: EditMessage, now: Conversation): Decision {
  const { id, message, from, at, content } = command
  const found = find(command, now)
  if (isRefusal(found)) return found
  const { here, said } = found
  const blocked = blockedIn(here, from, command)
  if (blocked) return blocked
  if (said.from !== from) return refuse('not-allowed', 'a message is edited by its author alone')
  if (said.retracted) return refuse('not-allowed', 'this message was retracted')
  const expiry = said.expiresAt === undefined ? {} : { expiresAt: said.expiresAt }
  const media = attached(command)
  if (isRefusal(media)) return media
  return [
    { type: 'MessageEdited', id, data: { message, messageSeq: said.seq, from, at, ...expiry, content, ...media } },
  ]
}

export function retractMessage(command: RetractMessage, now: Conversation): Decision {
  const { id, message, from, at } = command
  const found = find(command, now)
  if (isRefusal(found)) return found
  const { here, said } = found
  if (said.from !== from && (here.kind === 'direct' || here.members.get(from) === 'member'))
    return refuse('not-allowed', 'a message is retracted by its author; in a group also by owners and admins')
  if (said.retracted) return [] // it is already
  return [{ type: 'MessageRetracted', id, data: { message, messageSeq: said.seq, from, at } }]
}

export function react(command: React, now: Conversation): Decision {
  const { id, message, from, reaction, on, at } = command
  const found = find(command, now)
  if (isRefusal(found)) return found
  const { here, said } = found
  const mine = said.reactions.get(from)
  if (on && said.retracted) return refuse('not-allowed', 'this message was retracted')
  if (on === (mine?.has(reaction) ?? false)) return [] // saying it twice is saying it once
  const blocked = blockedIn(here, from, command)
  if (blocked) return blocked
  if (on && mine && mine.size >= mostReactions)
    return refuse('not-allowed', `one person leaves at most ${mostReactions} reactions on a message`)
  const data = { message, messageSeq: said.seq, from, reaction, at }
  return [{ type: on ? 'ReactionAdded' : 'ReactionRemoved', id, data }]
}

/** Why a message may not answer this one, if so. */
export function repliesToNothing(replyTo: string | undefined, from: string, now: Conversation): Refusal | undefined {
  if (replyTo === undefined || now.about?.get(replyTo)?.seenBy.has(from)) return undefined
  return refuse(
    'unknown-message',
    `replyTo is ${replyTo}: no message of this conversation that you may see has this id`,
  )
}

/** The state once this message, which is asked about, is said. */
export function withSaid({ id, revision, data }: MessageSent, now: Conversation): Conversation {
  if (now.status !== 'open' || now.about?.get(id) || revision === undefined) return now // of two with one id the earlier counts
  const { from, at, expiresAt } = data
  const said = {
    from,
    seq: revision,
    at,
    expiresAt,
    retracted: false,
    seenBy: now.members,
    reactions: new Map(),
    failedFor: new Set<string>(),
  }
  return { ...now, about: new Map(now.about).set(id, said) }
}

/** The state once something has become of a message; the same where nobody asks about it. */
export function amended(message: string, now: Conversation, change: (said: Said) => Said): Conversation {
  const said = now.about?.get(message)
  return said ? { ...now, about: new Map(now.about).set(message, change(said)) } : now
}

export function withReaction({ from, reaction }: ReactionAdded['data'], said: Said, on: boolean): Said {
  const mine = new Set(said.reactions.get(from))
  if (on) mine.add(reaction)
  else mine.delete(reaction)
  return { ...said, reactions: new Map(said.reactions).set(from, mine) }
}

/** A message that this member may see and whose time is not over. */
function find(
  { message, from, at }: { message: string; from: string; at: string },
  now: Conversation,
): { here: OpenConversation; said: Said } | Refusal {
  const here = actingIn(now, from)
  if (isRefusal(here)) return here
  const said = here.about?.get(message)
  if (!said?.seenBy.has(from)) return refuse('unknown-message')
  if (isOver(said.expiresAt, Date.parse(at))) return refuse('unknown-message', 'the time of this message is over')
  return { here, said }
}
