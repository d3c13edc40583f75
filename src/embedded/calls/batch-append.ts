// Streams/BatchAppend: many appends in one call, each answered once, the answers of one commit in one write.
import type { EventLog, Outcome } from '../engine/event-log.ts'
import { readBatchAppendRequest } from '../protocol/append-requests.ts'
import type { BatchAppendRequest } from '../protocol/append-requests.ts'
import * as responses from '../protocol/responses.ts'
import { CallFailed } from '../protocol/status.ts'
import { MAX_APPEND_SIZE, checkEvents, checkStreamName, sizeOf } from './append-checks.ts'
import type { Call } from './call.ts'
import { openAppends } from './open-appends.ts'
import type { OpenAppend } from './open-appends.ts'

/** Above this the client is not read until the disk has caught up. */
const MOST_WAITING = 64 * 1024 * 1024

/** In ms; deadlines are in seconds. */
const SWEEP_EVERY = 250

export const batchAppend = (call: Call, log: EventLog): void => {
  const open = openAppends(expired => answer(responses.batchTimeout(expired.correlation, expired.options.stream)))
  const unanswered = new Set<OpenAppend>()
  let answers: Buffer[] = []
  let ended = false

  // what one commit settles is settled in one go: a microtask later all its answers are there
  const answer = (response: Buffer): void => {
    if (answers.push(response) === 1) queueMicrotask(() => call.guard(flush))
  }
  const flush = (): void => {
    const frames = answers.length === 1 ? answers[0]! : Buffer.concat(answers)
    answers = []
    call.send(frames)
    readOn()
    if (ended && unanswered.size === 0) call.finish()
  }

  const readOn = (): void => call.pause(log.waiting() >= MOST_WAITING)

  const store = (append: OpenAppend): void => {
    const { stream, expected } = append.options
    unanswered.add(append)
    log.append({ stream, expected, events: append.proposed }, outcome => {
      if (unanswered.delete(append)) answer(responseOf(append.correlation, stream, expected, outcome))
    })
    if (log.waiting() >= MOST_WAITING) readOn()
  }

  const take = (request: BatchAppendRequest): void => {
    const { correlation, options, refused } = request
    if (refused !== undefined) {
      open.close(correlation)
      return answer(responses.batchBadRequest(correlation, options?.stream ?? '', refused))
    }
    const begun = open.add(request) ?? (options && { correlation, options, proposed: request.proposed })
    if (!begun) return // answered already: too large, or too late
    const { stream, deadline } = begun.options
    try {
      checkStreamName(stream)
      checkEvents(request.proposed)
      if (deadline <= Date.now()) answer(responses.batchTimeout(correlation, stream))
      else if (sizeOf(begun.proposed) > MAX_APPEND_SIZE)
        answer(responses.batchTooLarge(correlation, stream, MAX_APPEND_SIZE))
      else if (!request.isFinal) return open.keep(begun)
      else store(begun)
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error
      answer(responses.batchBadRequest(correlation, stream, error.message))
    }
    open.close(correlation)
  }

  call.receive(
    message => take(readBatchAppendRequest(message, Date.now())),
    () => {
      ended = true
      if (unanswered.size === 0 && answers.length === 0) call.finish()
    },
  )

  // the client itself never gives up on a batch: when the disk hangs, only this tells it so
  const sweep = setInterval(() => {
    const now = Date.now()
    for (const append of unanswered) {
      if (append.options.deadline > now) continue
      unanswered.delete(append)
      answer(responses.batchTimeout(append.correlation, append.options.stream))
    }
    readOn() // it may be other calls' appends that the disk has caught up with
  }, SWEEP_EVERY)
  call.onClose(() => {
    clearInterval(sweep)
    open.clear()
  })
}

const responseOf = (correlation: Buffer, stream: string, expected: number, outcome: Outcome): Buffer => {
  if (outcome.kind === 'stored') return responses.batchAppended(correlation, stream, outcome.last, outcome.position)
  if (outcome.kind === 'deleted') return responses.batchStreamDeleted(correlation, stream)
  return responses.batchRefused(correlation, stream, expected, outcome.current)
}
