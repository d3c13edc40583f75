// Gossip/Read: the cluster's members, which are this one; clients that discover connect to the address it advertises.
import { messageField, numberField, stringField } from '../protocol/wire-writer.ts'
import { structuredUuid } from '../protocol/uuid.ts'
import type { Call } from './call.ts'
import { reply, unary } from './unary.ts'

export interface Member {
  /** A UUID, new with every start. */
  instance: string
  host: string
  port: number
}

const LEADER = 8
const TICKS_PER_MS = 10_000
/** .NET counts from the year 1. */
const TICKS_BEFORE_1970 = 62_135_596_800_000 * TICKS_PER_MS

export const gossip = (call: Call, { instance, host, port }: Member): void =>
  unary(call, () =>
    reply(
      call,
      messageField(
        1,
        messageField(1, structuredUuid(instance)),
        numberField(2, Date.now() * TICKS_PER_MS + TICKS_BEFORE_1970),
        numberField(3, LEADER),
        numberField(4, 1),
        messageField(5, stringField(1, host), numberField(2, port)),
      ),
    ),
  )
