// What became of a request that failed, in the port's words. What an error means the official client says.
import { convertToCommandError, type ErrorType } from '@eventstore/db-client'
import { StoreUnavailable, WrongRevision, type ExpectedRevision } from '../port.ts'
import type { Refusal } from './append-answer.ts'

type ClientError = Error & { type?: `${ErrorType}`; actualVersion?: unknown }

/** Answers that say something about the request; after any other the outcome of an append is unknown. */
const answers: readonly string[] = [
  'stream-deleted',
  'access-denied',
  'maximum-append-size-exceeded',
  'invalid-argument',
  'invalid-transaction',
  'unsupported',
]
const refusals: readonly string[] = ['StreamDeleted', 'AccessDenied', 'MaximumAppendSizeExceeded', 'BadRequest']

/** `doing` says of what kind the request was, and on what. What is no answer of the store is a fault and goes on as it is. */
export function failure(doing: string, thrown: unknown): Error {
  const { type, message } = convertToCommandError(thrown as Error) as ClientError
  if (type === undefined) return thrown as Error
  return answers.includes(type) ? new Error(`${doing}: ${message}`) : new StoreUnavailable(`${doing}: ${message}`)
}

/** The same of an append: its revision may have been wrong. */
export function appendFailure(stream: string, expected: ExpectedRevision, thrown: unknown): Error {
  const { type, actualVersion } = thrown as ClientError
  if (type === 'wrong-expected-version')
    return new WrongRevision(stream, expected, typeof actualVersion === 'bigint' ? Number(actualVersion) : null)
  return failure(`appending to ${stream}`, thrown)
}

/** And of one that was refused among others. */
export function appendRefusal(stream: string, expected: ExpectedRevision, refusal: Refusal): Error {
  if (refusal.type === 'WrongExpectedVersion') return new WrongRevision(stream, expected, refusal.actual)
  const message = `appending to ${stream}: ${refusal.type}: ${refusal.message}`
  return refusals.includes(refusal.type) ? new Error(message) : new StoreUnavailable(message)
}
