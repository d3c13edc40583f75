// Whether the read models say what the log says.
import { checkInboxes } from '../../../audit/index.ts'
import type { Handlers } from '../app.ts'
import { stream } from './audit.ts'
import type { HandlerParts } from './parts.ts'

export function checkHandlers({ projections, store }: HandlerParts): Handlers<'checkInboxes'> {
  async function* lines() {
    for await (const step of checkInboxes(store, projections.queries.inboxes)) {
      const line =
        'checked' in step
          ? { ...step.checked, position: String(Math.max(0, step.checked.position)) }
          : { ...step.reading, position: String(step.reading.position), upTo: String(step.reading.upTo) }
      yield `${JSON.stringify(line)}\n`
    }
  }
  return { checkInboxes: (_, response) => stream(response, 'application/x-ndjson', lines()) }
}
