// Rows of the read models as HTTP shows them. Bodies go into the JSON text as they came, not parsed and written again.
import { isOver } from '../../domain/index.ts'
import type { ConversationRow, SeenMessageRow } from '../../projections/index.ts'
import type { Keyring } from '../../eventstore/index.ts'
import { retentionShown } from '../retention.ts'

/**
 * `{seq, id, from, at, expiresAt?, edited?, editedAt?, reactions?, body}` as JSON text. No body and `retracted` where it was
 * taken back, `expired` where its time is over (`now`: milliseconds since 1970), `gone` where the key is gone before that.
 */
export async function messageJson(keyring: Keyring, row: SeenMessageRow, now: number): Promise<string> {
  const { conversation, seq, id, from, at, expiresAt, editedAt, content } = row
  if (content === null) return JSON.stringify({ seq, id, from, at, expiresAt, body: null, retracted: true })
  if (isOver(expiresAt, now)) return JSON.stringify({ seq, id, from, at, expiresAt, body: null, expired: true })
  const edited = editedAt === undefined ? undefined : true
  const reactions = row.reactions.length === 0 ? undefined : row.reactions
  const head = JSON.stringify({ seq, id, from, at, expiresAt, edited, editedAt, reactions }).slice(0, -1)
  const text = await keyring.open({ conversation, message: id, expiresAt }, content)
  return text === null ? `${head},"body":null,"gone":true}` : `${head},"body":${text}}`
}

export function conversationShape(row: ConversationRow) {
  const { conversation: id, kind, name, members, memberLimit, delivered, seq } = row
  return { id, kind, name, members, memberLimit, delivered, retention: retentionShown(row.retention), seq }
}
