// Gossip/Read: the cluster's members, which are this one; clients that discover connect to the address it advertises.
import type { NodeInfo } from '../node-info.ts'
import { messageField, numberField, stringField } from '../../wire/writer.ts'
import { structuredUuid } from '../protocol/uuid.ts'
import type { Call } from './call.ts'
import { reply, unary } from './unary.ts'

const LEADER = 8
const TICKS_PER_MS = 10_000
/** .NET counts from the year 1. */
const TICKS_BEFORE_1970 = 62_135_596_800_000 * TICKS_PER_MS

export const gossip = (call: Call, { instance, addressFor }: NodeInfo, asked: string | undefined): void =>
  unary(call, () => {
    const { host, port } = addressFor(asked)
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
    )
  })
