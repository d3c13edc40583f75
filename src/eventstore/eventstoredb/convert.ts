// From the official client's words to the port's, and back.
import { ANY, jsonEvent, NO_STREAM, type ErrorType } from '@eventstore/db-client'
import type { AllStreamRecordedEvent, AppendExpectedRevision, RecordedEvent } from '@eventstore/db-client'
import type { ExpectedRevision, NewEvent, RawEvent } from '../port.ts'
import type { Failure } from './messages.ts'

/** A position or revision as a number. Past 2^53 it would not be exact, and is refused rather than rounded. */
export function exact(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Error(`position ${value} is past 2^53, where this version's numbers end`)
  return Number(value)
}

export const toClient = ({ id, type, data, metadata }: NewEvent) =>
  jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: { ...metadata } })

export const expectedRevision = (expected: ExpectedRevision): AppendExpectedRevision =>
  expected === 'any' ? ANY : expected === 'none' ? NO_STREAM : BigInt(expected)

export const fromClient = (event: RecordedEvent | AllStreamRecordedEvent): RawEvent => ({
  stream: event.streamId,
  revision: exact(event.revision),
  position: exact(event.position?.commit ?? 0n),
  id: event.id,
  type: event.type,
  data: event.isJson ? event.data : null, // Verbatim writes JSON alone; anything else is for decode() to refuse
  metadata: event.metadata ?? null,
})

type ClientError = Error & { type?: `${ErrorType}`; code?: number; actualVersion?: unknown }

/** Answers that say something about the request; after any other the outcome of an append is unknown. */
const answers: readonly string[] = [
  'stream-deleted',
  'access-denied',
  'maximum-append-size-exceeded',
  'invalid-argument',
  'invalid-transaction',
  'unsupported',
]

export function failure(thrown: unknown): Failure {
  const error = thrown as ClientError
  if (error.type === 'wrong-expected-version') {
    const actual = error.actualVersion
    return { kind: 'wrong-revision', actual: typeof actual === 'bigint' ? exact(actual) : null }
  }
  // what fails before the call proper (asking for the node's features) comes as gRPC's own error: a code, no type
  const ofTransport = error.type === undefined ? error.code !== undefined : !answers.includes(error.type)
  return { kind: ofTransport ? 'unavailable' : 'fault', message: error.message }
}
