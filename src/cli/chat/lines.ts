// How things look as a line.
import type { FrameOf, HistoryMessage, InboxEntry, Presence, Refused } from '../../client/index.ts'

type Shown = Pick<HistoryMessage, 'from' | 'at'> & { readonly body?: Record<string, unknown> | null }

const time = (at: string): string => {
  const when = new Date(at)
  const clock = `${String(when.getHours()).padStart(2, '0')}:${String(when.getMinutes()).padStart(2, '0')}`
  const today = when.toDateString() === new Date().toDateString()
  return today ? clock : `${when.toLocaleDateString('sv')} ${clock}`
}

/** `[where]` is said where it is not the current chat. */
export function messageLine({ from, at, body }: Shown, where?: string): string {
  const text = textOf(body)
  const what = text.startsWith('/me ') ? `* ${from} ${text.slice(4)}` : `<${from}> ${text}`
  return `${time(at)} ${where === undefined ? '' : `[${where}] `}${what}`
}

function textOf(body: Record<string, unknown> | null | undefined): string {
  if (!body) return '(gone)'
  return typeof body['text'] === 'string' ? body['text'] : JSON.stringify(body)
}

export const sentLine = (seq: number, text: string): string => `  ✓ sent #${seq} ${short(text)}`

export const receiptLine = (kind: 'delivered' | 'read', by: string, seq: number): string =>
  `  ✓✓ ${kind} by ${by} #${seq}`

export const memberLine = ({ user, change, at }: FrameOf<'member'>, where?: string): string =>
  `${time(at)} ${where === undefined ? '' : `[${where}] `}-- ${user} ${change === 'role' ? 'has another role' : change}`

export const refusedLine = ({ code, message }: Pick<Refused, 'code' | 'message'>): string => `! ${message} (${code})`

export const presenceLine = ({ user, state, lastSeen }: Presence): string =>
  state === 'online'
    ? `${user} is online`
    : `${user} is offline, ${lastSeen ? `last seen ${time(lastSeen)}` : 'never seen'}`

export const inboxLine = ({ kind, conversation, unread, last }: InboxEntry, name: string): string =>
  `${kind === 'direct' ? '@' : '#'} ${name}  ${unread} unread${last ? `  ${messageLine(last)}` : ''}  (${conversation})`

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
