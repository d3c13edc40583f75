// Rows of the read models as HTTP shows them. Bodies go into the JSON text as they came, not parsed and written again.
import { isOver } from '../../domain/index.ts'
import type { ConversationRow, SeenMessageRow } from '../../projections/index.ts'
import type { Keyring } from '../../eventstore/index.ts'
import { retentionShown } from '../retention.ts'

/**
 * `{seq, id, from, at, expiresAt?, edited?, editedAt?, reactions?, body}` as JSON text. No body and `retracted` where it was
 * taken back, `expired` where its time is over (`now`: milliseconds since 1970), `gone` where the key is gone before that.
 */
export function messageJson(keyring: Keyring, row: SeenMessageRow, now: number): string | Promise<string> {
  const { conversation, seq, id, from, at, expiresAt, editedAt, content, reactions } = row
  // ids and times have no character that JSON escapes
  const expiry = expiresAt === undefined ? '' : `,"expiresAt":"${expiresAt}"`
  const place = `{"seq":${seq},"id":"${id}","from":${JSON.stringify(from)},"at":"${at}"${expiry}`
  if (content === null) return `${place},"body":null,"retracted":true}`
  if (isOver(expiresAt, now)) return `${place},"body":null,"expired":true}`
  const edited = editedAt === undefined ? '' : `,"edited":true,"editedAt":"${editedAt}"`
  const reacted = reactions.length === 0 ? '' : `,"reactions":${JSON.stringify(reactions)}`
  const whole = (text: string | null) =>
    `${place}${edited}${reacted},"body":${text === null ? 'null,"gone":true' : text}}`
  const text = keyring.open({ conversation, message: id, expiresAt }, content)
  return text === null || typeof text === 'string' ? whole(text) : text.then(whole)
}

export function conversationShape(row: ConversationRow) {
  const { conversation: id, kind, name, members, memberLimit, delivered, seq } = row
  return { id, kind, name, members, memberLimit, delivered, retention: retentionShown(row.retention), seq }
}
