// Compiles a request's filter, or says to the client what is wrong with it.
import { compileFilter } from '../engine/filter.ts'
import type { Filter, FilterRequest } from '../engine/filter.ts'
import { invalidArgument } from '../protocol/status.ts'

export const createFilter = (request: FilterRequest | undefined): Filter | undefined => {
  if (!request) return undefined
  try {
    return compileFilter(request)
  } catch (error) {
    throw invalidArgument(`'${request.regex}' is not a regular expression here: ${String(error)}`)
  }
}
