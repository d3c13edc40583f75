// How a call ends: gRPC's codes, and EventStoreDB's named exceptions, which its clients turn into error classes.

const OK = 0
const CANCELLED = 1
const UNKNOWN = 2
const INVALID_ARGUMENT = 3
const DEADLINE_EXCEEDED = 4
const PERMISSION_DENIED = 7
const RESOURCE_EXHAUSTED = 8
const FAILED_PRECONDITION = 9
const UNIMPLEMENTED = 12
const INTERNAL = 13
const UNAUTHENTICATED = 16

/** What the trailers say. Thrown by a call's code, it ends the call so. */
export class CallFailed extends Error {
  readonly code: number
  readonly details: Record<string, string>

  constructor(code: number, message: string, details: Record<string, string> = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

export const cancelled = (): CallFailed => new CallFailed(CANCELLED, 'The store is stopping')

export const unknown = (message: string): CallFailed => new CallFailed(UNKNOWN, message)

export const invalidArgument = (message: string): CallFailed => new CallFailed(INVALID_ARGUMENT, message)

export const deadlineExceeded = (): CallFailed => new CallFailed(DEADLINE_EXCEEDED, 'Deadline Exceeded')

export const tooLarge = (message: string): CallFailed => new CallFailed(RESOURCE_EXHAUSTED, message)

export const unimplemented = (message: string): CallFailed => new CallFailed(UNIMPLEMENTED, message)

/** No credentials at all. */
export const accessDenied = (): CallFailed =>
  new CallFailed(PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' })

/** Credentials that are nobody's: named by the code alone, as on a server. The official client makes its AccessDeniedError of both. */
export const unauthenticated = (message: string): CallFailed => new CallFailed(UNAUTHENTICATED, message)

export const internal = (message: string): CallFailed => new CallFailed(INTERNAL, message)

export const streamDeleted = (stream: string): CallFailed =>
  new CallFailed(FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })

/** Only deleting says a wrong version so, for good or not: appending says it in its response. */
export const wrongExpectedVersion = (stream: string, expected: number, actual: number): CallFailed =>
  new CallFailed(
    FAILED_PRECONDITION,
    'Delete failed due to WrongExpectedVersion. ' +
      `Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expected),
      'actual-version': String(actual),
    },
  )

export const maximumAppendSizeExceeded = (limit: number): CallFailed =>
  new CallFailed(INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  })

export const requiredMetadataMissing = (property: string): CallFailed =>
  new CallFailed(INVALID_ARGUMENT, `Required Metadata Property '${property}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  })

/**
 * The trailers themselves. A value that is not printable ASCII is percent-encoded: grpc-js drops an illegal value, and a
 * missing `stream-name` then throws inside the client (measured), so none is ever left out or sent raw. The message is
 * encoded always, by gRPC's rule.
 */
export const trailersOf = (end: CallFailed | undefined): Record<string, string> => {
  if (!end) return { 'grpc-status': String(OK) }
  const trailers: Record<string, string> = { 'grpc-status': String(end.code), 'grpc-message': encoded(end.message) }
  for (const [name, value] of Object.entries(end.details))
    trailers[name] = PRINTABLE.test(value) ? value : encoded(value)
  return trailers
}

const PRINTABLE = /^[\x20-\x7e]*$/

const encoded = (text: string): string => text.replace(/[^\x20-\x24\x26-\x7e]+/gu, part => encodeURIComponent(part))
