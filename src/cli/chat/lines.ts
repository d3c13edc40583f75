// How things look as a line.
import type { Device, Expired, FrameOf, HistoryMessage, InboxEntry, Presence, Refused } from '../../client/index.ts'

interface Shown {
  readonly from: string
  readonly at: string
  readonly body?: Record<string, unknown> | null | undefined
  readonly retracted?: boolean | undefined
  readonly expired?: boolean | undefined
  readonly expiresAt?: string | undefined
  readonly editedAt?: string | undefined
  readonly reactions?: HistoryMessage['reactions']
}

const time = (at: string): string => {
  const when = new Date(at)
  const clock = `${String(when.getHours()).padStart(2, '0')}:${String(when.getMinutes()).padStart(2, '0')}`
  const today = when.toDateString() === new Date().toDateString()
  return today ? clock : `${when.toLocaleDateString('sv')} ${clock}`
}

/** To the second: what is temporary may be gone soon. */
const toTheSecond = (at: string): string => `${time(at)}:${at.slice(17, 19)}`

/** `[where]` is said where it is not the current chat. */
export function messageLine(message: Shown, where?: string): string {
  const { from, at, body, retracted, expired, expiresAt, editedAt, reactions = [] } = message
  const until = expiresAt && !expired && !retracted ? [`(until ${toTheSecond(expiresAt)})`] : []
  const marks = [
    ...until,
    ...(editedAt ? ['(edited)'] : []),
    ...reactions.map(({ reaction, count }) => `${reaction} ${count}`),
  ]
  const text = [retracted ? '(retracted)' : expired ? '(its time is over)' : textOf(body), ...marks].join('  ')
  const what = text.startsWith('/me ') ? `* ${from} ${text.slice(4)}` : `<${from}> ${text}`
  return `${time(at)} ${where === undefined ? '' : `[${where}] `}${what}`
}

export function textOf(body: Record<string, unknown> | null | undefined): string {
  if (!body) return '(gone)'
  const { text, attachments } = body
  const images = Array.isArray(attachments) ? attachments.map(id => `[image ${id}]`) : []
  const said = typeof text === 'string' ? [text] : images.length > 0 ? [] : [JSON.stringify(body)]
  return [...said, ...images].join(' ')
}

export const sentLine = (seq: number, text: string): string => `  ✓ sent #${seq} ${short(text)}`

export const receiptLine = (kind: 'delivered' | 'read', by: string, seq: number): string =>
  `  ✓✓ ${kind} by ${by} #${seq}`

export const memberLine = ({ user, change, role, by, at }: FrameOf<'member'>, where?: string): string =>
  line(at, where, `${user} ${change === 'role' ? `is ${role ?? 'member'} now` : change}${by ? ` (by ${by})` : ''}`)

export const editedLine = ({ from, messageSeq, at, body, expired }: FrameOf<'edited'>, where?: string): string =>
  line(at, where, `${from} edited #${messageSeq}: ${expired ? '(its time is over)' : textOf(body)}`)

export const expiredLine = ({ seq, expiresAt }: Expired, where?: string): string =>
  line(expiresAt, where, `the time of #${seq} is over, its content is gone`)

export const retractedLine = ({ from, messageSeq, at }: FrameOf<'retracted'>, where?: string): string =>
  line(at, where, `${from} retracted #${messageSeq}`)

export const failedLine = ({ seq, to, reason, attempts, at }: FrameOf<'failed'>, where?: string): string =>
  line(
    at,
    where,
    `#${seq} did not reach ${to}: ${reason === 'too-old' ? 'nobody came for it' : `pushed ${attempts} times`}`,
  )

export const reactedLine = ({ from, messageSeq, at, reaction, on }: FrameOf<'reacted'>, where?: string): string =>
  line(at, where, `${from} ${on ? 'reacted' : 'takes back'} ${reaction} to #${messageSeq}`)

export function changedLine({ by, at, name, retention, delivered }: FrameOf<'changed'>, where?: string): string {
  if (name !== undefined) return line(at, where, `${by} calls this ${name ?? 'nothing special'} now`)
  if (retention?.mode === 'temporary') return line(at, where, `${by}: what is said is kept for ${retention.ttl} now`)
  if (retention) return line(at, where, `${by}: what is said is kept for ever now`)
  return line(at, where, `${by}: delivered marks are ${delivered ? 'kept' : 'not kept'} now`)
}

const line = (at: string, where: string | undefined, what: string): string =>
  `${time(at)} ${where === undefined ? '' : `[${where}] `}-- ${what}`

export const refusedLine = ({ code, message }: Pick<Refused, 'code' | 'message'>): string => `! ${message} (${code})`

export const presenceLine = ({ user, state, lastSeen }: Presence): string =>
  state === 'online'
    ? `${user} is online`
    : `${user} is offline, ${lastSeen ? `last seen ${time(lastSeen)}` : 'never seen'}`

export const devicesLine = (devices: readonly Device[]): string =>
  devices.length === 0
    ? '-- no device is linked'
    : `-- ${devices
        .map(({ device, sessions, lastSeenAt, current }) => {
          const there =
            sessions > 0 ? `${sessions} open` : lastSeenAt ? `last there ${time(lastSeenAt)}` : 'never there'
          return `${device} (${there}${current ? ', this one' : ''})`
        })
        .join(', ')}`

export const inboxLine = ({ kind, conversation, unread, last }: InboxEntry, name: string): string =>
  `${kind === 'direct' ? '@' : '#'} ${name}  ${unread} unread${last ? `  ${messageLine(last)}` : ''}  (${conversation})`

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
