// Decodes ReadReq: what to read, from where, which way, how much or for ever, and how to show it.
import type { FilterRequest } from '../engine/filter.ts'
import { readStreamName } from './append-requests.ts'
import { invalidArgument } from './status.ts'
import { WireReader } from '../../wire/reader.ts'

export type From = 'start' | 'end' | number

export interface ReadRequest {
  /** The stream's name, or all of them. */
  stream: string | undefined
  /** A revision, or a position in $all. */
  from: From
  backwards: boolean
  /** How many events, or 'subscribe'. */
  count: number | 'subscribe'
  resolveLinks: boolean
  structuredIds: boolean
  filter?: FilterRequest
  /** A filtered subscription says how far it is after so many events looked at. */
  checkpointEvery: number
}

/** The server's window where the client names none. */
const DEFAULT_WINDOW = 32

export const readReadRequest = (message: Buffer): ReadRequest => {
  const r = new WireReader(message)
  let request: ReadRequest | undefined
  while (r.next()) {
    if (r.field === 1) request = readOptions(r)
    else r.skip()
  }
  if (!request) throw invalidArgument('A read request needs options')
  return request
}

const readOptions = (r: WireReader): ReadRequest => {
  let source: { stream: string | undefined; from: From } | undefined
  let count: ReadRequest['count'] | undefined
  let filtered: { filter: FilterRequest; checkpointEvery: number } | undefined
  let backwards = false
  let resolveLinks = false
  let structuredIds = true
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) source = readStreamOptions(r)
    else if (r.field === 2) source = { stream: undefined, from: readAllOptions(r) }
    else if (r.field === 3) backwards = r.number() === 1
    else if (r.field === 4) resolveLinks = r.bool()
    else if (r.field === 5) count = r.number()
    else if (r.field === 6) {
      count = 'subscribe'
      r.skip()
    } else if (r.field === 7) filtered = readFilter(r)
    else if (r.field === 9) structuredIds = !readsStringIds(r)
    else r.skip()
  }
  r.leave(outer)
  if (!source) throw invalidArgument('A read request needs a stream or $all')
  if (count === undefined) throw invalidArgument('A read request needs a count or a subscription')
  if (backwards && count === 'subscribe') throw invalidArgument('A subscription cannot go backwards')
  if (filtered && source.stream !== undefined) throw invalidArgument('Only $all can be filtered')
  return { ...source, count, backwards, resolveLinks, structuredIds, checkpointEvery: Infinity, ...filtered }
}

const readStreamOptions = (r: WireReader): { stream: string; from: From } => {
  const options: { stream: string; from: From } = { stream: '', from: 'start' }
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) options.stream = readStreamName(r)
    else if (r.field === 2) options.from = startOrEnd(r.number())
    else {
      if (r.field === 4) options.from = 'end'
      r.skip()
    }
  }
  r.leave(outer)
  if (options.stream === '') throw invalidArgument('A stream name is needed')
  return options
}

/** 2^64-1 is how some clients write "the end". */
const startOrEnd = (place: number): From => (place >= 2 ** 63 ? 'end' : place)

const readAllOptions = (r: WireReader): From => {
  let from: From = 'start'
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) from = readPosition(r)
    else {
      if (r.field === 3) from = 'end'
      r.skip()
    }
  }
  r.leave(outer)
  return from
}

/** Commit and prepare position are one and the same here, as they are on the server but for old explicit transactions. */
const readPosition = (r: WireReader): From => {
  let commit = 0
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) commit = r.number()
    else r.skip()
  }
  r.leave(outer)
  return commit === 0 ? 'start' : startOrEnd(commit)
}

const readFilter = (r: WireReader): { filter: FilterRequest; checkpointEvery: number } => {
  let filter: FilterRequest | undefined
  let window = DEFAULT_WINDOW
  let multiplier = 0
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) filter = { on: 'stream', ...readExpression(r) }
    else if (r.field === 2) filter = { on: 'type', ...readExpression(r) }
    else if (r.field === 3) window = r.number()
    else if (r.field === 5) multiplier = r.number()
    else r.skip()
  }
  r.leave(outer)
  if (!filter) throw invalidArgument('A filter needs an expression')
  if (window < 1) throw invalidArgument('The search window must be above 0')
  if (multiplier < 1) throw invalidArgument('The checkpoint interval must be above 0')
  return { filter, checkpointEvery: window * multiplier }
}

const readExpression = (r: WireReader): { regex: string; prefixes: string[] } => {
  const expression = { regex: '', prefixes: [] as string[] }
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 1) expression.regex = r.string()
    else if (r.field === 2) expression.prefixes.push(r.string())
    else r.skip()
  }
  r.leave(outer)
  return expression
}

const readsStringIds = (r: WireReader): boolean => {
  let string = false
  const outer = r.enter()
  while (r.next()) {
    if (r.field === 2) string = true
    r.skip()
  }
  r.leave(outer)
  return string
}
