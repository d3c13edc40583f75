// When a message is given up on for a member who has not acknowledged it. Who gives up may be late or one of several: where it is
// not so any more, or is on the record already, nothing happens.
import type { FailDelivery } from './commands.ts'
import type { ConversationEvent } from './events.ts'
import { isOver } from './expiry.ts'
import type { Conversation } from './state.ts'

export function failDelivery(command: FailDelivery, now: Conversation): readonly ConversationEvent[] {
  const { message, from: to, acknowledged, reason, attempts, at } = command
  if (now.status !== 'open' || !now.delivered || !now.members.has(to)) return []
  const said = now.about?.get(message)
  if (!said?.seenBy.has(to) || said.from === to) return []
  if (said.retracted || isOver(said.expiresAt, Date.parse(at))) return [] // nothing is left to deliver
  if (said.seq <= acknowledged || said.failedFor.has(to)) return []
  const data = { message, messageSeq: said.seq, from: said.from, to, reason, attempts, at }
  return [{ type: 'DeliveryFailed', data }]
}
