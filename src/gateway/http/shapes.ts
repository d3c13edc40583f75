// Rows of the read models as HTTP shows them. Bodies go into the JSON text as they came, not parsed and written again.
import type { ConversationRow, MessageRow } from '../../projections/index.ts'
import type { Keyring } from '../../eventstore/index.ts'

/** `{seq, id, from, at, body}` as JSON text; with `gone` where the key is gone, and with it the content. */
export async function messageJson(keyring: Keyring, row: MessageRow): Promise<string> {
  const { conversation, seq, id, from, at, content } = row
  const text = await keyring.open({ conversation, message: id }, content)
  const head = JSON.stringify({ seq, id, from, at }).slice(0, -1)
  return text === null ? `${head},"body":null,"gone":true}` : `${head},"body":${text}}`
}

export function conversationShape(row: ConversationRow) {
  const { conversation: id, kind, name, members, memberLimit, delivered, seq } = row
  const retention =
    row.retention.mode === 'permanent' ? row.retention : { mode: row.retention.mode, ttl: `${row.retention.ttlMs}ms` }
  return { id, kind, name, members, memberLimit, delivered, retention, seq }
}
