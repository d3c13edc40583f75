// Receipts, sessions, activity, users: the small deciders.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activity } from '../../src/domain/activity/decider.ts'
import { decide, fold } from '../../src/domain/decider.ts'
import { isRefusal } from '../../src/domain/index.ts'
import { receipts } from '../../src/domain/receipts/decider.ts'
import { session } from '../../src/domain/session/decider.ts'
import { mostBlocked, user } from '../../src/domain/user/decider.ts'
import { given } from '../support/given.ts'

const at = '2026-01-02T03:04:05.678Z'
const who = { user: 'bob', device: 'phone', at }

describe('receipts', () => {
  const delivered = (upTo: number) => ({ type: 'MessagesDelivered', data: { ...who, upTo } }) as const
  const read = (upTo: number) => ({ type: 'MessagesRead', data: { ...who, upTo } }) as const
  const markDelivered = (upTo: number) => ({ type: 'MarkDelivered', ...who, upTo, end: 9 }) as const
  const markRead = (upTo: number) => ({ type: 'MarkRead', ...who, upTo, end: 9 }) as const

  it('[R1] only rise; a lower mark than before changes nothing', () => {
    given(receipts, delivered(3)).when(markDelivered(4)).then(delivered(4))
    given(receipts, delivered(3)).when(markDelivered(3)).thenNothing()
    given(receipts, read(3)).when(markRead(2)).thenNothing()
  })
  it('[R2] what is read is delivered', () => {
    given(receipts, read(5)).when(markDelivered(5)).thenNothing()
    given(receipts, delivered(5)).when(markRead(5)).then(read(5))
  })
  it('[R3] end where the conversation ends', () => {
    given(receipts).when(markDelivered(9)).then(delivered(9))
    given(receipts).when(markDelivered(10)).thenRefused('beyond-the-end')
    given(receipts).when(markRead(-1)).thenRefused('beyond-the-end')
  })
  it('read never passes delivered, whatever is marked in whatever order', () => {
    const command = fc.tuple(fc.boolean(), fc.integer({ min: -2, max: 12 }))
    fc.assert(
      fc.property(fc.array(command), marks => {
        let now = receipts.initial
        for (const [isRead, upTo] of marks) {
          const before = now
          const decision = decide(receipts, isRead ? markRead(upTo) : markDelivered(upTo), now)
          if (!isRefusal(decision)) now = fold(receipts, now, decision)
          expect(now.delivered).toBeGreaterThanOrEqual(now.read)
          expect(now.read).toBeGreaterThanOrEqual(before.read)
          expect(now.delivered).toBeGreaterThanOrEqual(before.delivered)
        }
      }),
    )
  })
})

describe('a session', () => {
  const one = { user: 'bob', session: 's1', device: 'phone', box: 'b1', at }
  const opened = { type: 'SessionOpened', data: one } as const
  const closed = { type: 'SessionClosed', data: { ...one, why: 'connection-lost' } } as const

  it('[A1] opens once and closes once', () => {
    given(session)
      .when({ type: 'OpenSession', ...one })
      .then(opened)
    given(session, opened)
      .when({ type: 'OpenSession', ...one })
      .thenNothing()
    given(session, opened)
      .when({ type: 'CloseSession', ...one, why: 'connection-lost' })
      .then(closed)
    given(session, opened, closed)
      .when({ type: 'CloseSession', ...one, why: 'connection-lost' })
      .thenNothing()
  })
})

describe('activity', () => {
  const active = (time: string) => ({ type: 'UserActive', data: { user: 'bob', at: time } }) as const
  const record = (time: string) => ({ type: 'RecordActivity', user: 'bob', at: time }) as const

  it('[A2] is told at most once in five seconds', () => {
    given(activity).when(record(at)).then(active(at))
    given(activity, active(at)).when(record('2026-01-02T03:04:10.677Z')).thenNothing()
    given(activity, active(at)).when(record('2026-01-02T03:04:10.678Z')).then(active('2026-01-02T03:04:10.678Z'))
  })
})

describe('a user', () => {
  const registered = { type: 'UserRegistered', data: { user: 'bob', at } } as const
  const linked = (device: string) => ({ type: 'DeviceLinked', data: { user: 'bob', device, at } }) as const
  const arrive = (device: string) => ({ type: 'Arrive', user: 'bob', device, at }) as const

  it('[A3] is registered once, and each of their devices linked once', () => {
    given(user).when(arrive('phone')).then(registered, linked('phone'))
    given(user, registered, linked('phone')).when(arrive('phone')).thenNothing()
    given(user, registered, linked('phone')).when(arrive('laptop')).then(linked('laptop'))
  })
  it('[B1] is blocked once, and unblocked once; nobody blocks themselves, and nobody the whole world', () => {
    const block = (other: string) => ({ type: 'Block', user: 'bob', other, at }) as const
    const unblock = (other: string) => ({ type: 'Unblock', user: 'bob', other, at }) as const
    const blocked = (other: string) => ({ type: 'UserBlocked', data: { user: 'bob', blocked: other, at } }) as const
    const unblocked = { type: 'UserUnblocked', data: { user: 'bob', blocked: 'eve', at } } as const
    given(user).when(block('eve')).then(blocked('eve'))
    given(user, blocked('eve')).when(block('eve')).thenNothing()
    given(user, blocked('eve')).when(unblock('eve')).then(unblocked)
    given(user, blocked('eve'), unblocked).when(unblock('eve')).thenNothing()
    given(user, blocked('eve'), unblocked).when(block('eve')).then(blocked('eve'))
    given(user).when(block('bob')).thenRefused('not-allowed')
    const many = Array.from({ length: mostBlocked }, (_, n) => blocked(`user-${n}`))
    given(user, ...many)
      .when(block('eve'))
      .thenRefused('not-allowed')
  })
  it('[B3] lets everyone see when they were there, until they say otherwise', () => {
    const set = (lastSeen: 'everyone' | 'contacts') => ({ type: 'ChangePrivacy', user: 'bob', lastSeen, at }) as const
    const changed = { type: 'PrivacyChanged', data: { user: 'bob', lastSeen: 'contacts', at } } as const
    given(user).when(set('everyone')).thenNothing()
    given(user).when(set('contacts')).then(changed)
    given(user, changed).when(set('contacts')).thenNothing()
  })
})
