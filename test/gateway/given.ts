// Events and frames for tests that do no I/O, and a clock that is told the time.
import type { RecordedEvent } from '../../src/eventstore/index.ts'
import type { Outgoing } from '../../src/gateway/socket/outbox.ts'
import type { Receiver } from '../../src/gateway/socket/fanout.ts'
import { textFrame } from '../../src/gateway/socket/wire.ts'
import type { Timers } from '../../src/gateway/timers.ts'

export const conversation = '6f2f3c36-2c39-5c55-9e53-0c3f8f1f3a10'
const at = '2026-01-02T03:04:05.006Z'

let ids = 0
const newId = (): string => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`

interface Place {
  readonly position: number
  readonly seq?: number
  readonly session?: string
  readonly conversation?: string
}

function recorded(type: string, stream: string, data: object, { position, seq = position, session }: Place) {
  const actor = { user: null, device: null, session: session ?? null }
  const metadata = { actor, origin: 'user', at, correlationId: newId(), causationId: newId() }
  return { type, stream, data, revision: seq, position, id: newId(), metadata } as unknown as RecordedEvent
}

const chat = (place: Place) => `conversation-${place.conversation ?? conversation}`
export const started = (members: string[], place: Place, kind: 'direct' | 'group' = 'group') => {
  const who = members.map(user => ({ user, role: 'member' }))
  const data = { conversation: place.conversation ?? conversation, kind, name: null, members: who, memberLimit: 9, at }
  return recorded(
    'ConversationStarted',
    chat(place),
    { ...data, delivered: true, retention: { mode: 'permanent' } },
    place,
  )
}
export const joined = (user: string, place: Place) =>
  recorded('MemberJoined', chat(place), { user, role: 'member', invitedBy: null, at }, place)
export const left = (user: string, place: Place) => recorded('MemberLeft', chat(place), { user, at }, place)
export const sent = (from: string, place: Place) =>
  recorded('MessageSent', chat(place), { from, at, content: { key: 'k', box: `{"text":"${place.position}"}` } }, place)
export const marked = (kind: 'Delivered' | 'Read', user: string, upTo: number, place: Place, device = 'phone') =>
  recorded(`Messages${kind}`, `receipts-${place.conversation ?? conversation}`, { user, device, upTo, at }, place)
export const opened = (user: string, session: string, position: number) =>
  recorded('SessionOpened', `session-${user}`, { user, session, device: 'phone', box: 'b', at }, { position })
export const closed = (user: string, session: string, position: number) =>
  recorded(
    'SessionClosed',
    `session-${user}`,
    { user, session, device: 'phone', box: 'b', at, why: 'box-lost' },
    { position },
  )
export const ownAffair = (type: 'PrivacyChanged' | 'UserBlocked' | 'UserUnblocked', user: string, position: number) =>
  recorded(type, `user-${user}`, { user, blocked: 'somebody', lastSeen: 'everyone', at }, { position })
export const active = (user: string, time: number, position: number) =>
  recorded('UserActive', `activity-${user}`, { user, at: new Date(time).toISOString() }, { position })

/** A frame that is there, or one whose body is still being opened. */
export function frame(text: string, more: Partial<Outgoing> = {}): Outgoing {
  const bytes = textFrame(text)
  return { class: 'message', bytes, size: bytes.length, ...more }
}

/** The text of a short frame. */
export const textOf = ({ bytes }: { bytes: Buffer | undefined }): string =>
  bytes!.subarray(bytes![1]! < 126 ? 2 : 4).toString()

export interface Ear extends Receiver {
  readonly frames: Outgoing[]
  /** The frames as their clients read them. */
  heard(): Record<string, unknown>[]
}

/** A session that notes what it is handed. */
export function ear(user: string, session: string): Ear {
  const frames: Outgoing[] = []
  const heard = () => frames.map(frame => JSON.parse(textOf(frame)) as Record<string, unknown>)
  const push = (frame: Outgoing) => void frames.push(frame)
  return { user, session, frames, heard, push, tell: push, again: push, idle: true }
}

export interface Clock extends Timers {
  /** Lets time pass: what is due rings, in order. */
  pass(ms: number): void
}

export function clock(start = Date.parse(at)): Clock {
  let now = start
  let timers: { due: number; run: () => void }[] = []
  return {
    now: () => now,
    elapsed: () => now,
    after(ms, run) {
      const timer = { due: now + ms, run }
      timers.push(timer)
      return () => void (timers = timers.filter(one => one !== timer))
    },
    pass(ms) {
      const until = now + ms
      for (;;) {
        const [next] = timers.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)
        if (next === undefined) break
        timers = timers.filter(one => one !== next)
        now = Math.max(now, next.due)
        next.run()
      }
      now = until
    },
  }
}
