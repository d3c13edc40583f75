// What is temporary, told to operators, and ended now where it is over.
import type { Handlers } from '../app.ts'
import type { HandlerParts } from './parts.ts'

export function retentionHandlers({ commands, projections }: HandlerParts): Handlers<'runRetention'> {
  return {
    async runRetention({ asker, body: { dryRun } }) {
      const { conversations, deleted } = await commands.runRetention(asker, { dryRun })
      const rows = await projections.queries.conversations(conversations.map(({ conversation }) => conversation))
      const names = new Map(rows.map(({ conversation, name }) => [conversation, name]))
      const named = conversations.map(row => ({ ...row, name: names.get(row.conversation) ?? null }))
      return { json: { conversations: named, deleted } }
    },
  }
}
