// Histories for tests: events as the log has them, with rising positions, and a feed that hands them on as a test pleases.
import { createHash } from 'node:crypto'
import { Subject } from 'rxjs'
import type { Audience, Retention, Role } from '../../src/domain/index.ts'
import type { Batch, Feed, Position, Recorded, RecordedEvent } from '../../src/eventstore/index.ts'

type Type = RecordedEvent['type']

/** A message, as far as it is referred to. */
type Message = Pick<Recorded<'MessageSent'>, 'stream' | 'id' | 'revision'> & {
  readonly data: { readonly from: string }
}

/** A message's id from a short name: the same name is the same id. */
export function messageId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Writes a history event by event. Positions rise by 100; an event's time is its position in seconds, unless it is given. */
export class History {
  readonly events: RecordedEvent[] = []
  readonly #revisions = new Map<string, number>()

  get end(): Position {
    return this.events.at(-1)?.position ?? -1
  }

  /** The last event's time. */
  get at(): string {
    return timeOf(this.end)
  }

  add<T extends Type>(stream: string, type: T, data: Omit<Recorded<T>['data'], 'at'> & { at?: string }, id?: string) {
    const revision = (this.#revisions.get(stream) ?? -1) + 1
    const position = Math.max(0, this.end) + 100
    this.#revisions.set(stream, revision)
    const event = {
      stream,
      revision,
      position,
      id: id ?? messageId(`event ${position}`),
      type,
      data: { at: timeOf(position), ...data },
      metadata: {
        actor: { user: null, device: null, session: null },
        origin: type === 'MessageSent' ? 'user' : 'system',
        at: timeOf(position),
        correlationId: 'c',
        causationId: 'c',
      },
    } as unknown as Recorded<T>
    this.events.push(event)
    return event
  }

  started(
    conversation: string,
    members: readonly string[],
    more: Partial<Recorded<'ConversationStarted'>['data']> = {},
  ) {
    return this.add(`conversation-${conversation}`, 'ConversationStarted', {
      conversation,
      kind: 'group',
      name: `The ${conversation}`,
      members: members.map((user, index) => ({ user, role: index === 0 ? 'owner' : 'member' })),
      memberLimit: 1024,
      delivered: true,
      retention: { mode: 'permanent' },
      ...more,
    })
  }

  joined(conversation: string, user: string, role: Role = 'member') {
    return this.add(`conversation-${conversation}`, 'MemberJoined', { user, role, invitedBy: null })
  }

  left(conversation: string, user: string) {
    return this.add(`conversation-${conversation}`, 'MemberLeft', { user })
  }

  removed(conversation: string, user: string, by = 'ann') {
    return this.add(`conversation-${conversation}`, 'MemberRemoved', { user, by })
  }

  role(conversation: string, user: string, role: Role, by: string | null = 'ann') {
    return this.add(`conversation-${conversation}`, 'MemberRoleChanged', { user, role, by })
  }

  renamed(conversation: string, name: string, by = 'ann') {
    return this.add(`conversation-${conversation}`, 'ConversationRenamed', { name, by })
  }

  kept(conversation: string, retention: Retention, by = 'ann') {
    return this.add(`conversation-${conversation}`, 'RetentionChanged', { retention, by })
  }

  marksKept(conversation: string, delivered: boolean, by = 'ann') {
    return this.add(`conversation-${conversation}`, 'DeliveredMarksChanged', { delivered, by })
  }

  said(
    conversation: string,
    from: string,
    more: { id?: string; at?: string; expiresAt?: string; media?: readonly string[]; bytes?: number } = {},
  ) {
    const id = more.id ?? messageId(`message ${this.end}`)
    const sealed = (what: string) => ({ key: `key-${conversation}-${from}`, box: Buffer.from(what).toString('base64') })
    const content = sealed(`box of ${id}`.padEnd(more.bytes ?? 0, '.'))
    const attachments = more.media?.map(media => ({ media, grant: sealed(`grant of ${media} in ${id}`) }))
    return this.add(
      `conversation-${conversation}`,
      'MessageSent',
      {
        ...{ from, content, ...(attachments && { attachments }) },
        ...{ ...(more.at && { at: more.at }), ...(more.expiresAt && { expiresAt: more.expiresAt }) },
      },
      id,
    )
  }

  uploaded(media: string, user: string) {
    const data = { user, address: `address of ${media}`, key: `key-of-${user}`, type: 'image/png' as const }
    return this.add(`media-${media}`, 'MediaUploaded', { ...data, size: 1, width: 1, height: 1 })
  }

  discarded(media: string) {
    return this.add(`media-${media}`, 'MediaDiscarded', { why: 'keys-gone' })
  }

  /** `of` is a message that was said, or what a log should not have. */
  edited(of: Message, from = of.data.from, text = `edit ${this.end}`, media?: readonly string[]) {
    const sealed = (what: string) => ({ key: `key-${from}`, box: Buffer.from(what).toString('base64') })
    const attachments = media?.map(id => ({ media: id, grant: sealed(`grant of ${id} in ${text}`) }))
    const data = { message: of.id, messageSeq: of.revision, from, content: sealed(text) }
    return this.add(of.stream, 'MessageEdited', { ...data, ...(attachments && { attachments }) })
  }

  retracted(of: Message, from = of.data.from) {
    return this.add(of.stream, 'MessageRetracted', { message: of.id, messageSeq: of.revision, from })
  }

  failed(of: Message, to: string, attempts = 0) {
    const reason = attempts > 0 ? ('not-acknowledged' as const) : ('too-old' as const)
    const data = { message: of.id, messageSeq: of.revision, from: of.data.from, to, reason, attempts }
    return this.add(of.stream, 'DeliveryFailed', data)
  }

  reacted(of: Message, from: string, reaction = '👍', on = true) {
    const data = { message: of.id, messageSeq: of.revision, from, reaction }
    return this.add(of.stream, on ? 'ReactionAdded' : 'ReactionRemoved', data)
  }

  imported(conversation: string, source: string, upToLine: number, memberLimit = 1024) {
    return this.add(`conversation-${conversation}`, 'HistoryImported', { source, fromLine: 1, upToLine, memberLimit })
  }

  delivered(conversation: string, user: string, upTo: number, device = 'phone') {
    return this.add(`receipts-${conversation}`, 'MessagesDelivered', { user, device, upTo })
  }

  read(conversation: string, user: string, upTo: number, device = 'phone') {
    return this.add(`receipts-${conversation}`, 'MessagesRead', { user, device, upTo })
  }

  opened(user: string, session: string, device = 'phone') {
    return this.add(`session-${user}`, 'SessionOpened', { user, session, device, box: 'box-1' })
  }

  closed(user: string, session: string, device = 'phone') {
    return this.add(`session-${user}`, 'SessionClosed', { user, session, device, box: 'box-1', why: 'connection-lost' })
  }

  linked(user: string, device: string) {
    return this.add(`user-${user}`, 'DeviceLinked', { user, device })
  }

  signedOut(user: string, device: string) {
    return this.add(`user-${user}`, 'DeviceSignedOut', { user, device })
  }

  blocked(user: string, blocked: string, on = true) {
    return this.add(`user-${user}`, on ? 'UserBlocked' : 'UserUnblocked', { user, blocked })
  }

  shows(user: string, lastSeen: Audience) {
    return this.add(`user-${user}`, 'PrivacyChanged', { user, lastSeen })
  }

  active(user: string, at?: string) {
    return this.add(`activity-${user}`, 'UserActive', { user, ...(at && { at }) })
  }
}

export const timeOf = (position: Position): string => new Date(Date.UTC(2024, 0, 1) + position * 1000).toISOString()

/** A feed of given events. `released` tells how far it was told to forget. */
export class GivenFeed implements Feed {
  readonly batches = new Subject<Batch>()
  readonly kept: RecordedEvent[] = []
  released: Position = -1
  readonly live = Promise.resolve()
  #head: Position = -1

  push(events: readonly RecordedEvent[], upTo = events.at(-1)?.position ?? this.#head): void {
    this.kept.push(...events)
    this.#head = upTo
    this.batches.next({ events, upTo })
  }

  head = (): Position => this.#head
  since = (position: Position): readonly RecordedEvent[] => this.kept.filter(event => event.position > position)
  release = (upTo: Position): void => void (this.released = Math.max(this.released, upTo))
  setAside = (): number => 0
  stop = (): void => this.batches.complete()
}
