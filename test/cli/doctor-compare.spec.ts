// What the doctor holds what was answered against: every difference is found, and what is the same is well.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AuditedEvent, HistoryMessage, InboxEntry, Receipts } from '../../src/client/index.ts'
import {
  compareHistory,
  compareInbox,
  compareReceipts,
  compareRecord,
  type Said,
} from '../../src/cli/doctor/compare.ts'
import { lagsIn } from '../../src/cli/doctor/server.ts'

const at = (seq: number) => `2026-01-02T03:04:0${seq}.000Z`
const said: readonly Said[] = [
  { what: 'MessageSent', id: 'm2', seq: 2, at: at(2), by: 'ann', message: 'm2', body: { text: 'one' } },
  { what: 'MessageEdited', id: 'e3', seq: 3, at: at(3), by: 'ann', message: 'm2', body: { text: 'two' } },
  { what: 'ReactionAdded', id: 'r4', seq: 4, at: at(4), by: 'ben', message: 'm2', reaction: '👍' },
  { what: 'MessageSent', id: 'm5', seq: 5, at: at(5), by: 'ann', message: 'm5', body: { text: 'three' } },
  { what: 'MessageRetracted', id: 't6', seq: 6, at: at(6), by: 'ann', message: 'm5' },
]
const history: readonly HistoryMessage[] = [
  {
    ...{ seq: 2, id: 'm2', from: 'ann', at: at(2), body: { text: 'two' }, edited: true, editedAt: at(3) },
    reactions: [{ reaction: '👍', count: 1, mine: false, users: ['ben'] }],
  },
  { seq: 5, id: 'm5', from: 'ann', at: at(5), body: null, retracted: true },
]
const inbox: InboxEntry = {
  ...{ conversation: 'c', kind: 'group', name: 'doctor', unread: 1, members: ['ann', 'ben'] },
  last: history[1]!,
}
const event = (revision: number, type: string, by: string, more: Partial<AuditedEvent> = {}): AuditedEvent => ({
  ...{ position: String(100 + revision * 10), stream: 'conversation-c', revision, id: `x${revision}`, type },
  metadata: { actor: { user: by } },
  ...more,
  data: { at: at(revision), ...more.data },
})
const mark = (type: string, upTo: number, position: number): AuditedEvent => ({
  ...event(0, type, 'ben', { data: { user: 'ben', device: 'default', upTo, at: at(7) } }),
  ...{ stream: 'receipts-c', position: String(position) },
})
const record: readonly AuditedEvent[] = [
  event(0, 'ConversationStarted', 'ann'),
  event(1, 'MemberJoined', 'ann'),
  event(2, 'MessageSent', 'ann', { id: 'm2', body: { text: 'one' } }),
  event(3, 'MessageEdited', 'ann', { id: 'e3', data: { message: 'm2' }, body: { text: 'two' } }),
  event(4, 'ReactionAdded', 'ben', { id: 'r4', data: { message: 'm2', reaction: '👍' } }),
  event(5, 'MessageSent', 'ann', { id: 'm5', body: { text: 'three' } }),
  event(6, 'MessageRetracted', 'ann', { id: 't6', data: { message: 'm5' } }),
  mark('MessagesDelivered', 2, 161),
  mark('MessagesRead', 2, 162),
]
const receipts: Receipts = {
  receipts: [{ user: 'ben', device: 'default', delivered: at(7), read: at(7) }],
  failed: [],
}

/** Some object somewhere in it has one member less, or of another value. */
const spoiled = <T>(whole: T, keys: readonly string[]) =>
  fc.record({ key: fc.constantFrom(...keys), n: fc.nat(), drop: fc.boolean() }).map(({ key, n, drop }) => {
    const copy = structuredClone(whole)
    const having: Record<string, unknown>[] = []
    const look = (one: unknown): void => {
      if (typeof one !== 'object' || one === null) return
      if (!Array.isArray(one) && Object.hasOwn(one, key)) having.push(one as Record<string, unknown>)
      Object.values(one).forEach(look)
    }
    look(copy)
    const one = having[n % having.length]!
    if (drop) delete one[key]
    else one[key] = typeof one[key] === 'number' ? one[key] + 1_000 : 'something else'
    return copy
  })

describe('the doctor', () => {
  it('[O12] finds well what is as it was answered', () => {
    compareHistory(said, history)
    compareInbox(said, 'ben', 2, inbox)
    compareInbox(said, 'ann', -1, { ...inbox, unread: 0 })
    compareRecord(said, record)
    compareReceipts(receipts, 'ben', 2, record)
  })

  it('[O12] finds the receipts well where other devices of theirs acknowledge by themselves, earlier or since', () => {
    const delivered = mark('MessagesDelivered', 2, 160)
    const phone = { ...delivered, data: { ...delivered.data, device: 'a-phone', at: at(6) } }
    const pad = { user: 'ben', device: 'a-pad', delivered: at(9), read: at(9) }
    const also = { user: 'ben', device: 'a-phone', delivered: at(6), read: null }
    const told = { ...receipts, receipts: [pad, also, ...receipts.receipts] }
    compareReceipts(told, 'ben', 2, [phone, ...record])
    expect(() =>
      compareReceipts(told, 'ben', 2, [{ ...mark('MessagesRead', 2, 170), data: { ...delivered.data, at: at(8) } }]),
    ).toThrow(/the receipts of ben say .*, the log/)
    expect(() => compareReceipts(told, 'ben', 2, [phone])).toThrow('the log does not')
  })

  it('[O12] looks at what was said since it began, where it was there before', () => {
    compareRecord(said.slice(3), record)
    expect(() => compareRecord(said.slice(3), record.slice(1))).toThrow(/event 1 of the conversation where 0 is to be/)
  })

  it('[O12] finds any difference in content', () => {
    const wrong = <T>(whole: T, keys: readonly string[], compare: (one: T) => void) =>
      fc.assert(fc.property(spoiled(whole, keys), one => void expect(() => compare(one)).toThrow()))
    wrong(history, ['seq', 'id', 'from', 'at', 'text', 'edited', 'retracted', 'reaction', 'users'], one =>
      compareHistory(said, one),
    )
    wrong(record.slice(0, 7), ['revision', 'message', 'reaction', 'body', 'text'], one => compareRecord(said, one))
    wrong(record.slice(2, 7), ['at', 'id', 'type', 'user'], one => compareRecord(said, [...record.slice(0, 2), ...one]))
    wrong(inbox, ['unread', 'id'], one => compareInbox(said, 'ben', 2, one))
    wrong(receipts, ['user', 'delivered', 'read'], one => compareReceipts(one, 'ben', 2, record))
    expect(() => compareInbox(said, 'ben', 2, undefined)).toThrow(/not in the inbox of ben/)
  })

  it('[O12] finds what is missing, twice, or in another order', () => {
    const shuffled = <T>(list: readonly T[]) =>
      fc
        .array(fc.nat(list.length - 1), { maxLength: list.length + 2 })
        .map(places => places.map(n => list[n]!))
        .filter(one => one.length !== list.length || one.some((each, n) => each !== list[n]))
    fc.assert(fc.property(shuffled(history), one => void expect(() => compareHistory(said, one)).toThrow()))
    fc.assert(fc.property(shuffled(record.slice(0, 7)), one => void expect(() => compareRecord(said, one)).toThrow()))
    expect(() => compareRecord(said, [...record.slice(0, 7), mark('MessagesRead', 2, 120)])).toThrow(
      /position 120 after/,
    )
    expect(() => compareHistory(said, history.slice(0, 1))).toThrow('the history lacks message m5 #5')
    expect(() => compareHistory(said.slice(0, 3), history)).toThrow('the history has message m5 #5, which nobody said')
  })

  it('[O12] says how far the server’s parts are behind, and that one is too far', () => {
    const text = (feed: string, seconds: number) =>
      [
        `verbatim_feed_lag_events ${feed}`,
        'verbatim_feed_lag_seconds 0',
        'verbatim_projection_lag_events 7',
        `verbatim_projection_lag_seconds ${seconds}`,
        'verbatim_canary_age_seconds 12.3',
        'verbatim_canary_interval_seconds 60',
        'verbatim_canary_through_total 2',
        '',
      ].join('\n')
    expect(lagsIn(text('0', 0.25))).toBe(
      'behind: feed 0 events, 0.0 s; read models 7 events, 0.3 s; last canary 12 s ago',
    )
    expect(() => lagsIn(text('0', 61))).toThrow('the read models has been behind for 61 s (7 events)')
    expect(() => lagsIn(text('Nan', 0))).toThrow(/feed is behind is not known: the event store does not answer/)
    expect(() => lagsIn('<html>')).toThrow(/nothing of how far/)
  })

  it('[O12] says how old the last canary is and how many were lost, and that they are missing where it is too old', () => {
    const text = (age: number, through: number, lost = 0) =>
      [
        'verbatim_feed_lag_events 0',
        'verbatim_feed_lag_seconds 0',
        `verbatim_canary_age_seconds ${age}`,
        'verbatim_canary_interval_seconds 60',
        `verbatim_canary_through_total ${through}`,
        `verbatim_canary_lost_total{leg="durable"} ${lost}`,
        'verbatim_canary_lost_total{leg="feed"} 0',
        `verbatim_canary_lost_total{leg="read_models"} ${lost * 2}`,
        '',
      ].join('\n')
    expect(lagsIn(text(9, 0))).toBe('behind: feed 0 events, 0.0 s; no canary yet, up for 9 s')
    expect(lagsIn(text(209, 3, 1))).toBe(
      'behind: feed 0 events, 0.0 s; last canary 209 s ago, lost since the start: 1 at the event store, 2 at the read models',
    )
    expect(() => lagsIn(text(86_400, 3))).toThrow('last canary 86400 s ago where one is sent every 60 s')
    expect(() => lagsIn(text(3_600, 0, 4))).toThrow(
      'no canary yet, up for 3600 s where one is sent every 60 s, lost since the start: 4 at the event store, 8 at the read models',
    )
  })
})
