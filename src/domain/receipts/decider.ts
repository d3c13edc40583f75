// Receipts are watermarks, and evidence: they only rise, and each device's own rise is told once.
import { decider } from '../decider.ts'
import { refuse, type Refusal } from '../refusals.ts'
import type { ReceiptsCommand } from './commands.ts'
import type { ReceiptsEvent } from './events.ts'

/** How far one device of one member has got; -1: not at all. Who wants a member's marks takes the highest of their devices. */
export interface Marks {
  readonly delivered: number
  readonly read: number
}

export const receipts = decider<Marks, ReceiptsCommand, ReceiptsEvent>({
  initial: { delivered: -1, read: -1 },

  decide: {
    MarkDelivered: (mark, now) =>
      outOfRange(mark) ?? (mark.upTo <= now.delivered ? [] : [{ type: 'MessagesDelivered', data: told(mark) }]),
    MarkRead: (mark, now) =>
      outOfRange(mark) ?? (mark.upTo <= now.read ? [] : [{ type: 'MessagesRead', data: told(mark) }]),
  },

  evolve: {
    MessagesDelivered: ({ data }, now) => ({ ...now, delivered: Math.max(now.delivered, data.upTo) }),
    MessagesRead: ({ data }, now) => ({
      read: Math.max(now.read, data.upTo),
      delivered: Math.max(now.delivered, data.upTo), // what is read is delivered
    }),
  },
})

function outOfRange({ upTo, end }: ReceiptsCommand): Refusal | undefined {
  if (upTo > end) return refuse('beyond-the-end', `upTo ${upTo}; the conversation ends at ${end}`)
  if (upTo < 0) return refuse('beyond-the-end', `upTo ${upTo}; the first seq is 0`)
  return undefined
}

const told = ({ user, device, upTo, at }: ReceiptsCommand) => ({ user, device, upTo, at })
