// Histories from elsewhere.
import type { z } from 'zod'
import type { ImportEntry } from '../../../commands/index.ts'
import { isRefusal, refuse, type Refusal } from '../../../domain/index.ts'
import { knownForm } from '../../asking.ts'
import type { Handlers } from '../app.ts'
import type { historyAsked } from '../schemas.ts'
import type { HandlerParts } from './parts.ts'

export function importHandlers({ commands }: HandlerParts): Handlers<'startImport' | 'importEntries'> {
  return {
    async startImport({ asker, body }) {
      const started = await commands.startImport(asker, { name: body.channel })
      if (isRefusal(started)) return started
      return { json: { conversation: started.conversation, position: String(started.position) } }
    },

    async importEntries({ asker, params, body: { source, upToLine, entries } }) {
      const conversation = knownForm(params.conversation)
      if (conversation === undefined) return refuse('unknown-conversation')
      const late = entries.find(({ line }) => line > upToLine)
      if (late) return refuse('bad-request', `entries has line ${late.line}, after upToLine, which is ${upToLine}`)
      const said = asText(entries)
      if (isRefusal(said)) return said
      const answer = await commands.importHistory(asker, { conversation, source, upToLine, entries: said })
      return isRefusal(answer) ? answer : { json: { ...answer, position: String(answer.position) } }
    },
  }
}

/** The bodies as JSON text. */
function asText(entries: z.output<typeof historyAsked>['entries']): ImportEntry[] | Refusal {
  try {
    return entries.map(entry => (entry.what === 'said' ? { ...entry, body: JSON.stringify(entry.body) } : entry))
  } catch (error) {
    if (error instanceof RangeError) return refuse('bad-request', 'a body is nested too deeply to be written as JSON')
    throw error
  }
}
