// Takes in a history from elsewhere: with its own times and authors, each line once however often it is sent.
import { isRefusal, refuse } from '../domain/index.ts'
import type { Position } from '../eventstore/index.ts'
import { commandBytes, mostCommandBytes, type ConversationWriter } from './conversation-writer.ts'
import { importedConversation, isUuid } from './ids.ts'
import type { Asker, ImportEntry } from './catalogue.ts'
import { metadataFor } from './metadata.ts'

export function importHistory(
  writer: ConversationWriter,
  memberLimit: number,
  head: () => Position,
  now: () => string,
) {
  const system = (asker: Asker): Asker => ({ ...asker, origin: 'system' })
  return {
    start: async (asker: Asker, { name }: { name: string }) => {
      const conversation = importedConversation(name)
      const at = now()
      const retention = { mode: 'permanent' } as const
      const group = { conversation, name, by: null, members: [], memberLimit, delivered: false, retention, at }
      const written = await writer.write(conversation, {
        command: { type: 'StartGroup', ...group },
        metadata: metadataFor(system(asker), at),
      })
      if (isRefusal(written) && written.refused !== 'conversation-exists') return written
      return { conversation, position: (isRefusal(written) ? undefined : written.write?.position) ?? head() }
    },

    take: async (
      asker: Asker,
      history: { conversation: string; source: string; upToLine: number; entries: readonly ImportEntry[] },
    ) => {
      const { conversation, source, upToLine } = history
      if (!isUuid(conversation)) return refuse('unknown-conversation')
      const at = now()
      const entries = history.entries.map(entry => (entry.what === 'said' ? { ...entry, content: entry.body } : entry))
      const command = { type: 'ImportHistory', source, upToLine, entries, at } as const
      const bytes = commandBytes(command)
      if (bytes > mostCommandBytes)
        return refuse(
          'too-large',
          `the entries take about ${bytes} bytes; at most ${mostCommandBytes}: send fewer at once`,
        )
      const written = await writer.write(conversation, { command, metadata: metadataFor(system(asker), at) })
      if (isRefusal(written)) return written
      const mark = written.events.at(-1)
      const from = mark?.type === 'HistoryImported' ? mark.data.fromLine : Infinity
      const imported = entries.filter(({ line }) => line >= from).length
      return { imported, upToLine, position: written.write?.position ?? head() }
    },
  }
}
