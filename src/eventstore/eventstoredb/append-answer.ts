// What BatchAppend answers to one append: BatchAppendResp of EventStoreDB's streams.proto.
import { MalformedMessage, WireReader } from '../../wire/reader.ts'
import type { Appended } from '../port.ts'
import { exact, numberIn } from './fields.ts'

/** Why an append was refused: the name of a message in EventStoreDB's shared.proto, and what it says. */
export interface Refusal {
  readonly type: string
  readonly message: string
  /** Of a WrongExpectedVersion: the revision there is; null for none. */
  readonly actual: number | null
}

export interface AppendAnswer {
  readonly n: number
  readonly outcome: { appended: Appended } | { refused: Refusal }
}

export function appendAnswer(message: Buffer): AppendAnswer {
  const r = new WireReader(message)
  let n = 0
  let outcome: AppendAnswer['outcome'] | undefined
  while (r.next())
    if (r.field === 1) n = correlation(r)
    else if (r.field === 2) outcome = { refused: refusal(r) }
    else if (r.field === 3) outcome = { appended: success(r) }
    else r.skip()
  if (!outcome) throw new MalformedMessage('an append was answered with neither a success nor an error')
  return { n, outcome }
}

/** The low half of the id: as a number, as it was sent, or in the id's text. */
function correlation(r: WireReader): number {
  let n = 0
  const outer = r.enter()
  while (r.next())
    if (r.field === 1) n = numberIn(r, 2) ?? 0
    else if (r.field === 2) n = Number.parseInt(r.string().slice(-12), 16)
    else r.skip()
  r.leave(outer)
  return n
}

function success(r: WireReader): Appended {
  let revision = 0
  let position = 0
  const outer = r.enter()
  while (r.next())
    if (r.field === 1) revision = exact(r.number())
    else if (r.field === 3) position = numberIn(r, 1) ?? 0
    else r.skip()
  r.leave(outer)
  return { revision, position }
}

/** google.rpc.Status, with the refusal itself in `details`. */
function refusal(r: WireReader): Refusal {
  let message = ''
  let details = { type: '', actual: null as number | null }
  const outer = r.enter()
  while (r.next())
    if (r.field === 2) message = r.string()
    else if (r.field === 3) details = any(r)
    else r.skip()
  r.leave(outer)
  return { message, ...details }
}

/** google.protobuf.Any: a name after a slash, and a message of that name. */
function any(r: WireReader): Omit<Refusal, 'message'> {
  let type = ''
  let actual: number | null = null
  const outer = r.enter()
  while (r.next())
    if (r.field === 1) type = r.string().replace(/^.*\./, '')
    else if (r.field === 2 && type === 'WrongExpectedVersion') actual = numberIn(r, 1) ?? null
    else r.skip()
  r.leave(outer)
  return { type, actual }
}
