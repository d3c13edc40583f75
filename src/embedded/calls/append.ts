// Streams/Append: one append a call: options first, then its events, one message each.
import type { EventLog } from '../engine/event-log.ts'
import type { ProposedEvent } from '../engine/event-record.ts'
import { readAppendRequest } from '../protocol/append-requests.ts'
import type { AppendOptions } from '../protocol/append-requests.ts'
import { appendRefused, appended } from '../protocol/responses.ts'
import { invalidArgument, maximumAppendSizeExceeded, streamDeleted } from '../protocol/status.ts'
import { MAX_APPEND_SIZE, checkEvents, checkStreamName, sizeOf } from './append-checks.ts'
import type { Call } from './call.ts'

export const append = (call: Call, log: EventLog): void => {
  let options: AppendOptions | undefined
  const events: ProposedEvent[] = []
  let size = 0
  call.receive(
    message => {
      const request = readAppendRequest(message, Date.now())
      if ('options' in request) {
        options = request.options
        checkStreamName(options.stream)
        return
      }
      size += sizeOf([request.proposed])
      if (size > MAX_APPEND_SIZE) throw maximumAppendSizeExceeded(MAX_APPEND_SIZE)
      checkEvents([request.proposed])
      events.push(request.proposed)
    },
    () => {
      if (!options) throw invalidArgument('An append needs options')
      const { stream, expected } = options
      log.append({ stream, expected, events }, outcome => {
        if (outcome.kind === 'deleted') return call.finish(streamDeleted(stream))
        const response =
          outcome.kind === 'stored'
            ? appended(outcome.last, outcome.position)
            : appendRefused(expected, outcome.current)
        call.send(response)
        call.finish()
      })
    },
  )
}
