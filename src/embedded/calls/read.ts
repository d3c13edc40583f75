// Streams/Read: a page at a time, as fast as the client takes it, or a subscription.
import type { EventLog } from '../engine/event-log.ts'
import { createFilter } from './read-filter.ts'
import { readReadRequest } from '../protocol/read-request.ts'
import { streamDeleted } from '../protocol/status.ts'
import { streamNotFound } from '../protocol/responses.ts'
import type { Call } from './call.ts'
import { allPages, streamPages } from './pages.ts'
import type { Pages } from './pages.ts'
import { presentation } from './presentation.ts'
import { allCursor, streamCursor } from './cursors.ts'
import { follow } from './subscription.ts'
import { unary } from './unary.ts'
import { viewStream } from '../engine/stream-view.ts'

export const read = (call: Call, log: EventLog): void =>
  unary(call, message => {
    const request = readReadRequest(message)
    const filter = createFilter(request.filter)
    const shown = presentation(log.storage, request)
    const { stream, count, from, backwards, checkpointEvery } = request
    if (count === 'subscribe') {
      const cursor =
        stream === undefined
          ? allCursor(log, { from, filter, checkpointEvery }, shown)
          : streamCursor(log, { stream, from }, shown)
      follow(call, cursor)
      return
    }
    if (stream === undefined) {
      deliver(call, allPages(log, { from, backwards, count, filter }, shown.of))
      return
    }
    const view = viewStream(log.storage, stream)
    if (view.kind === 'deleted') throw streamDeleted(stream)
    if (view.kind === 'missing') {
      call.send(streamNotFound(stream))
      call.finish()
      return
    }
    deliver(call, streamPages(log.storage, view, { from, backwards, count }, shown.of))
  })

/** Between pages the event loop is free; a client that does not read holds nothing but its place. */
const deliver = (call: Call, pages: Pages): void => {
  const next = (): void => {
    const { done, value: frames } = pages.next()
    if (done) return call.finish()
    if (frames.length > 0 && !call.send(Buffer.concat(frames))) void call.drained().then(step)
    else setImmediate(step)
  }
  const step = (): void => {
    if (!call.closed()) call.guard(next)
  }
  step()
}
