// Rows of the read models as HTTP shows them. Bodies go into the JSON text as they came, not parsed and written again.
import type { ConversationRow, MessageRow } from '../../projections/index.ts'
import type { Keyring } from '../../eventstore/index.ts'
import { retentionShown } from '../retention.ts'

/** `{seq, id, from, at, expiresAt?, body}` as JSON text; with `gone` where the key is gone, and with it the content. */
export async function messageJson(keyring: Keyring, row: MessageRow): Promise<string> {
  const { conversation, seq, id, from, at, expiresAt, content } = row
  const text = await keyring.open({ conversation, message: id }, content)
  const head = JSON.stringify({ seq, id, from, at, expiresAt }).slice(0, -1)
  return text === null ? `${head},"body":null,"gone":true}` : `${head},"body":${text}}`
}

export function conversationShape(row: ConversationRow) {
  const { conversation: id, kind, name, members, memberLimit, delivered, seq } = row
  return { id, kind, name, members, memberLimit, delivered, retention: retentionShown(row.retention), seq }
}
