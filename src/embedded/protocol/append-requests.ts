// Decodes what writers send: AppendReq, BatchAppendReq, and the options DeleteReq and TombstoneReq share with them.
import { ANY, NO_STREAM, STREAM_EXISTS } from '../engine/expected.ts'
import type { ProposedEvent } from '../engine/event-record.ts'
import { invalidArgument, requiredMetadataMissing } from './status.ts'
import { readUuid } from './uuid.ts'
import { WireReader } from '../../wire/reader.ts'

/** Which stream, and what must be true of it. `deadline` in ms since 1970. */
export interface AppendOptions {
  stream: string
  expected: number
  deadline: number
}

export type AppendRequest = { options: AppendOptions } | { proposed: ProposedEvent }

export interface BatchAppendRequest {
  /** The `UUID` message as it came: it only has to go back. */
  correlation: Buffer
  options?: AppendOptions
  proposed: ProposedEvent[]
  isFinal: boolean
  /** Why this append cannot be taken, where the message could not be read to its end. */
  refused?: string
}

export const readAppendRequest = (message: Buffer, now: number): AppendRequest => {
  const r = new WireReader(message)
  let request: AppendRequest | undefined
  while (r.next()) {
    if (r.field === 1) request = { options: readOptions(r, now) }
    else if (r.field === 2) request = { proposed: readProposed(r) }
    else r.skip()
  }
  if (!request) throw invalidArgument('An append message needs options or a proposed message')
  return request
}

/** What is wrong with one append must not end the call, which carries others: it is said in the request. */
export const readBatchAppendRequest = (message: Buffer, now: number): BatchAppendRequest => {
  const r = new WireReader(message)
  const request: BatchAppendRequest = { correlation: Buffer.alloc(0), proposed: [], isFinal: false }
  try {
    while (r.next()) {
      if (r.field === 1) request.correlation = r.data()
      else if (r.field === 2) request.options = readOptions(r, now)
      else if (r.field === 3) request.proposed.push(readProposed(r))
      else if (r.field === 4) request.isFinal = r.bool()
      else r.skip()
    }
  } catch (error) {
    if (request.correlation.length === 0 || !(error instanceof Error)) throw error
    request.refused = error.message
  }
  return request
}

/** DeleteReq and TombstoneReq: options and nothing else. */
export const readDeleteRequest = (message: Buffer, now: number): AppendOptions => {
  const r = new WireReader(message)
  let options: AppendOptions | undefined
  while (r.next()) {
    if (r.field === 1) options = readOptions(r, now)
    else r.skip()
  }
  if (!options) throw invalidArgument('The request needs options')
  return options
}

const readOptions = (r: WireReader, now: number): AppendOptions => {
  const options: AppendOptions = { stream: '', expected: Number.NaN, deadline: Infinity }
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) options.stream = readStreamName(r)
    else if (r.field === 2) options.expected = r.number()
    else if (r.field >= 3 && r.field <= 5) {
      options.expected = [NO_STREAM, ANY, STREAM_EXISTS][r.field - 3]!
      r.skip()
    } else if (r.field === 6) options.deadline = readTime(r)
    else if (r.field === 7) options.deadline = now + readTime(r)
    else r.skip()
  }
  r.leave(outer)
  if (Number.isNaN(options.expected)) throw invalidArgument('An expected revision is needed')
  if (options.expected >= 2 ** 63) throw invalidArgument('The expected revision is beyond every revision')
  return options
}

/** The content of a `StreamIdentifier`. */
export const readStreamName = (r: WireReader): string => {
  let name = ''
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 3) name = r.string()
    else r.skip()
  }
  r.leave(outer)
  return name
}

/** Timestamp and Duration have one shape: seconds and nanoseconds; here in ms. A negative one is long past. */
const readTime = (r: WireReader): number => {
  let ms = 0
  const outer = r.enter()
  while (r.next()) {
    if (r.field !== 1 && r.field !== 2) {
      r.skip()
      continue
    }
    const value = r.number()
    ms += r.high >= 0x8000_0000 ? -Infinity : r.field === 1 ? value * 1000 : value / 1e6
  }
  r.leave(outer)
  return ms
}

const readProposed = (r: WireReader): ProposedEvent => {
  const none = Buffer.alloc(0)
  const event: ProposedEvent = { id: '', type: '', isJson: false, data: none, metadata: none }
  let contentType: string | undefined
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) event.id = readUuid(r)
    else if (r.field === 2) {
      const [key, value] = readMapEntry(r)
      if (key === 'type') event.type = value
      else if (key === 'content-type') contentType = value
    } else if (r.field === 3) event.metadata = r.data()
    else if (r.field === 4) event.data = r.data()
    else r.skip()
  }
  r.leave(outer)
  if (event.id === '') throw invalidArgument('An event needs an id')
  if (event.type === '') throw requiredMetadataMissing('type')
  if (contentType === undefined) throw requiredMetadataMissing('content-type')
  event.isJson = contentType === 'application/json'
  return event
}

const readMapEntry = (r: WireReader): [key: string, value: string] => {
  let key = ''
  let value = ''
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) key = r.string()
    else if (r.field === 2) value = r.string()
    else r.skip()
  }
  r.leave(outer)
  return [key, value]
}
