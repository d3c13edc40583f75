// Streams/Delete and Streams/Tombstone: one request, one way to refuse it: in the trailers.
import type { EventLog } from '../engine/event-log.ts'
import { readDeleteRequest } from '../protocol/append-requests.ts'
import { deleted } from '../protocol/responses.ts'
import { streamDeleted, wrongExpectedVersion } from '../protocol/status.ts'
import { checkStreamName } from './append-checks.ts'
import type { Call } from './call.ts'
import { unary } from './unary.ts'

export const remove = (call: Call, log: EventLog, forGood: boolean): void =>
  unary(call, message => {
    const { stream, expected } = readDeleteRequest(message, Date.now())
    checkStreamName(stream)
    log.remove({ stream, expected, forGood }, outcome => {
      if (outcome.kind === 'deleted') return call.finish(streamDeleted(stream))
      if (outcome.kind === 'wrong-version') return call.finish(wrongExpectedVersion(stream, expected, outcome.current))
      call.send(deleted(outcome.position))
      call.finish()
    })
  })
