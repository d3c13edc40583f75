// Saying what is wrong in one line that tells what to do.
import { Closed, Refused, Unreachable } from '../client/index.ts'

/** The user can do something about it: the message says what. */
export class Complaint extends Error {
  override readonly name = 'Complaint'
}

/** One line for whatever was thrown; with DEBUG set, where it came from as well. */
export function explain(thrown: unknown, env: NodeJS.ProcessEnv): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (env['DEBUG']) return thrown.stack ?? thrown.message
  return sentence(thrown).replaceAll(/\s*\n\s*/g, ' ')
}

function sentence(thrown: Error): string {
  if (thrown instanceof Unreachable)
    return `${thrown.message}; start a server with "verbatim serve", or say where it is with --url`
  if (thrown instanceof Closed && thrown.code === 401) return `${thrown.message}; pass another with --token`
  if (thrown instanceof Refused) return `${thrown.message} (${thrown.code})`
  return thrown.message || thrown.name
}
