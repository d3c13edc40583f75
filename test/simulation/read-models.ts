// The read models without a database: the same answers as those of src/projections, by plain folds in memory. What they answer is
// held against PostgreSQL, over random histories, by read-models.int.ts.
import { idIn, type Position, type Recorded, type RecordedEvent, type Sealed } from '../../src/eventstore/index.ts'
import { amendmentOf, isAmending } from '../../src/projections/index.ts'
import type {
  AmendingEvent,
  Change,
  ConversationRow,
  Arrival,
  MessageRow,
  ReceiptRow,
  SeenMessageRow,
  Queries,
} from '../../src/projections/index.ts'

interface Stay {
  readonly user: string
  role: 'owner' | 'admin' | 'member'
  readonly as: 'owner' | 'admin' | 'member'
  readonly by: string | null
  readonly at: string
  readonly joinedSeq: number
  readonly joined: Position
  leftSeq: number | null
  left: Position | null
  leftAt: string
  removedBy: string | null
}

interface Said {
  readonly seq: number
  readonly id: string
  readonly from: string
  readonly at: string
  readonly expiresAt?: string
  readonly content: Sealed
  readonly position: Position
  readonly imported: boolean
}

interface Move extends Omit<ReceiptRow, 'conversation'> {
  readonly raises: boolean
}

interface Marks {
  delivered: number
  read: number
}

interface Told {
  readonly id: string
  readonly kind: 'direct' | 'group'
  name: string | null
  memberLimit: number
  delivered: boolean
  deliveredFrom: number
  retention: ConversationRow['retention']
  readonly position: Position
  seq: number
  readonly stays: Stay[]
  readonly messages: Said[]
  readonly amendments: AmendingEvent[]
  readonly reactions: Map<string, { message: number; user: string; reaction: string }>
  readonly imports: Map<string, number>
}

interface Receipts {
  readonly moves: Move[]
  /** By member and device. */
  readonly marks: Map<string, Map<string, Marks>>
}

/** The questions that commands and the gateway's sessions put. */
export type Asked = Pick<
  Queries,
  | 'conversations'
  | 'saidById'
  | 'saidIds'
  | 'askedAbout'
  | 'marks'
  | 'acknowledged'
  | 'arrivals'
  | 'undelivered'
  | 'unacknowledged'
  | 'messages'
  | 'keepingMarks'
>
/** The same, answered at once. */
type Answers = { [Q in keyof Asked]: (...args: Parameters<Asked[Q]>) => Awaited<ReturnType<Asked[Q]>> }

export class ReadModels implements Answers {
  readonly #conversations = new Map<string, Told>()
  readonly #receipts = new Map<string, Receipts>()

  #asOf: Position = -1

  fold(event: RecordedEvent): void {
    this.#asOf = event.position
    if (event.type === 'MessagesDelivered' || event.type === 'MessagesRead') return this.#mark(event)
    if (!event.stream.startsWith('conversation-')) return
    const id = idIn(event.stream)
    if (event.type === 'ConversationStarted') this.#start(id, event)
    const of = this.#conversations.get(id)
    if (of === undefined || event.type === 'ConversationStarted') return
    of.seq = Math.max(of.seq, event.revision)
    switch (event.type) {
      case 'MessageSent': {
        const { revision: seq, position, data, metadata } = event
        const { from, at, expiresAt, content } = data
        const time = expiresAt === undefined ? {} : { expiresAt }
        of.messages.push({
          seq,
          id: event.id,
          from,
          at,
          ...time,
          content,
          position,
          imported: metadata.origin === 'system',
        })
        return
      }
      case 'MemberJoined':
        return join(of, event, event.data.user, event.data.role, event.data.invitedBy)
      case 'MemberLeft':
      case 'MemberRemoved': {
        const stay = openStay(of, event.data.user)
        const removedBy = event.type === 'MemberRemoved' ? event.data.by : null
        const { revision: leftSeq, position: left } = event
        if (stay) Object.assign(stay, { leftSeq, left, leftAt: event.data.at, removedBy })
        return
      }
      case 'HistoryImported':
        of.imports.set(event.data.source, event.data.upToLine)
        of.memberLimit = event.data.memberLimit
        return
      default:
        if (isAmending(event)) amend(of, event)
    }
  }

  conversations(ids: readonly string[]) {
    return ids.flatMap((id): ConversationRow[] => {
      const of = this.#conversations.get(id)
      if (!of) return []
      const { kind, name, memberLimit, delivered, retention, seq, stays, imports } = of
      const last = new Map<string, Stay>()
      for (const stay of stays) last.set(stay.user, stay)
      const everybody = [...last.values()].sort((one, two) => one.joined - two.joined || (one.user < two.user ? -1 : 1))
      const members = everybody.flatMap(({ user, role, left }) => (left === null ? [{ user, role }] : []))
      const former = everybody.flatMap(({ user, left }) => (left === null ? [] : [user]))
      const imported = [...imports].map(([source, upToLine]) => ({ source, upToLine }))
      return [
        {
          conversation: id,
          kind,
          name,
          memberLimit,
          delivered,
          retention,
          seq,
          asOf: this.#asOf,
          members,
          former,
          imported,
        },
      ]
    })
  }

  saidIds(after: string, limit: number) {
    const ids = [...this.#conversations.values()].flatMap(({ messages, amendments }) => [
      ...messages.map(({ id }) => id),
      ...amendments.flatMap(({ id, data }) => ('messageSeq' in data ? [id] : [])),
    ])
    const sorted = ids.sort((one, two) => (one < two ? -1 : 1))
    return sorted.filter(id => id > after).slice(0, limit)
  }

  saidById(ids: readonly string[]) {
    const wanted = new Set(ids)
    const found = new Map<string, Awaited<ReturnType<Queries['saidById']>>[number]>()
    const note = (id: string, conversation: string, seq: number, from: string, at: string, position: Position) => {
      if (!wanted.has(id) || (found.get(id)?.position ?? Infinity) <= position) return
      found.set(id, { id, conversation, seq, from, at, position })
    }
    for (const [conversation, { messages, amendments }] of this.#conversations) {
      for (const { id, seq, from, at, position } of messages) note(id, conversation, seq, from, at, position)
      for (const { id, revision, data, position, type } of amendments)
        if ('messageSeq' in data && type !== 'DeliveryFailed')
          note(id, conversation, revision, data.from, data.at, position)
    }
    return [...found.values()]
  }

  askedAbout(conversation: string, asked: readonly { user: string; message: string }[]) {
    const of = this.#conversations.get(conversation)
    if (!of) return { seq: -1, members: [], messages: [] }
    const users = [...new Set(asked.map(({ user }) => user))]
    const ids = [...new Set(asked.map(({ message }) => message))].sort()
    const messages = ids.flatMap(id => {
      const said = of.messages.find(message => message.id === id)
      if (!said) return []
      const { from, seq, at, expiresAt } = said
      const failures = amendmentsOf(of, seq, 'DeliveryFailed')
      return [
        {
          ...{ id, from, seq, at, ...(expiresAt && { expiresAt }) },
          retracted: amendmentsOf(of, seq, 'MessageRetracted').length > 0,
          seenBy: users.filter(user => wasIn(of, user, seq)),
          reactions: [...of.reactions.values()].flatMap(({ message, user, reaction }) =>
            message === seq && users.includes(user) ? [{ user, reaction }] : [],
          ),
          failedFor: failures.map(({ data }) => data.to).filter(to => users.includes(to)),
        },
      ]
    })
    return { seq: of.seq, members: users.filter(user => openStay(of, user)), messages }
  }

  marks(of: readonly { conversation: string; user: string; device: string }[]) {
    return of.flatMap(({ conversation, user, device }) => {
      const marks = this.#receipts.get(conversation)?.marks.get(user)?.get(device)
      return marks ? [{ conversation, user, device, ...marks }] : []
    })
  }

  acknowledged(conversation: string, user: string): number {
    return this.#member(conversation, user).delivered
  }

  keepingMarks(conversations: readonly string[]): string[] {
    return conversations.filter(id => this.#conversations.get(id)?.delivered)
  }

  /** Of devices nothing is known here. */
  arrivals(asked: readonly { user: string }[], asOf: Position): Arrival[] {
    return asked.map(({ user }) => ({
      standing: 'unknown',
      stays: [...this.#conversations.values()]
        .sort((one, two) => (one.id < two.id ? -1 : 1))
        .flatMap(({ id, stays }) =>
          stays
            .filter(stay => stay.user === user && stay.joined <= asOf)
            .map(({ joinedSeq, leftSeq, left }) => ({
              conversation: id,
              joinedSeq,
              leftSeq: left !== null && left <= asOf ? leftSeq : null,
            })),
        ),
    }))
  }

  undelivered(user: string, upTo: Position, limit: number, conversation?: string): MessageRow[] {
    return inOrder(this.#waiting(user, upTo, conversation), limit)
  }

  unacknowledged(user: string, after: Position, upTo: Position, limit: number): { rows: MessageRow[]; more: boolean } {
    const later = this.#waiting(user, upTo).filter(({ position }) => position > after)
    const rows = inOrder(later, limit)
    return { rows, more: rows.length >= limit }
  }

  messages(
    user: string,
    conversation: string,
    { before = Infinity, after, limit }: { before?: number; after?: number; limit: number },
  ): SeenMessageRow[] | undefined {
    const of = this.#conversations.get(conversation)
    if (!of?.stays.some(stay => stay.user === user)) return undefined
    const seen = of.messages
      .filter(({ seq }) => seq > (after ?? -1) && seq < before && wasIn(of, user, seq))
      .map(said => ({ ...asSeen(of, said, user), reactions: [] }))
    return after === undefined ? seen.slice(-limit) : seen.slice(0, limit)
  }

  #waiting(user: string, upTo: Position, conversation?: string): MessageRow[] {
    const found: MessageRow[] = []
    for (const of of this.#conversations.values()) {
      if (!of.delivered || (conversation !== undefined && of.id !== conversation)) continue
      const known = this.#member(of.id, user).delivered
      for (const stay of of.stays) {
        if (stay.user !== user) continue
        const from = Math.max(stay.joinedSeq, known + 1, of.deliveredFrom)
        const waits = of.messages.filter(
          said =>
            said.seq >= from &&
            said.seq < (stay.leftSeq ?? Infinity) &&
            said.from !== user &&
            said.position <= upTo &&
            !said.imported &&
            !amendmentsOf(of, said.seq, 'DeliveryFailed').some(({ data }) => data.to === user),
        )
        found.push(...waits.map(said => asSeen(of, said, user)))
      }
    }
    return found
  }

  messagesSince(user: string, after: Position, upTo: Position, limit: number): Change[] {
    const rows = this.#during(user, after, upTo, ({ messages }) => messages, true)
    return inOrder(rows, limit).map(({ of, row }) => ({ what: 'message', ...asSent(of, row) }))
  }

  receiptsSince(user: string, after: Position, upTo: Position, limit: number): Change[] {
    const moves = ({ id }: Told) => this.#receipts.get(id)?.moves.filter(({ raises }) => raises) ?? []
    return inOrder(this.#during(user, after, upTo, moves, true), limit).map(({ of, row: { raises: _, ...move } }) => ({
      what: 'receipt',
      conversation: of.id,
      ...move,
    }))
  }

  memberChangesSince(user: string, after: Position, upTo: Position, limit: number): Change[] {
    const come = this.#during(user, after, upTo, ({ stays }) =>
      stays
        .filter(stay => stay.joinedSeq > 0 || stay.user === user)
        .map(stay => ({ position: stay.joined, stay, change: 'joined' as const })),
    )
    const gone = this.#during(
      user,
      after,
      upTo,
      ({ stays }) =>
        stays.flatMap(stay =>
          stay.left === null
            ? []
            : [
                {
                  position: stay.left,
                  stay,
                  change: stay.removedBy === null ? ('left' as const) : ('removed' as const),
                },
              ],
        ),
      true,
    )
    return inOrder([...come, ...gone], limit).map(({ of, row: { position, stay, change } }) => {
      const { user, as, by, at, joinedSeq, leftSeq, leftAt, removedBy } = stay
      const place = { what: 'member' as const, conversation: of.id, user, change, position }
      return change === 'joined'
        ? { ...place, seq: joinedSeq, role: as, by, at }
        : { ...place, seq: leftSeq!, role: null, by: removedBy, at: leftAt }
    })
  }

  amendmentsSince(user: string, after: Position, upTo: Position, limit: number): Change[] {
    const rows = this.#during(user, after, upTo, ({ amendments }) => amendments, true).filter(
      ({ of, row: { type, data } }) =>
        (!('messageSeq' in data) || wasIn(of, user, data.messageSeq)) &&
        (type !== 'DeliveryFailed' || data.from === user),
    )
    return inOrder(rows, limit).map(({ row }) => ({ what: 'amendment', ...amendmentOf(row) }))
  }

  /** Whether a message that somebody has got, up to this one, waits for them still. What was retracted is not pushed again. */
  waits(user: string, conversation: string, upTo: number): boolean {
    const of = this.#conversations.get(conversation)
    const stay = of && openStay(of, user)
    if (!of?.delivered || !stay) return false
    const from = Math.max(stay.joinedSeq, of.deliveredFrom, this.#member(conversation, user).delivered + 1)
    return of.messages.some(
      ({ seq, from: author }) =>
        seq >= from && seq <= upTo && author !== user && amendmentsOf(of, seq, 'MessageRetracted').length === 0,
    )
  }

  /** Of each of somebody's conversations: what of others they may see and have not read. */
  unread(user: string): Map<string, number> {
    const found = new Map<string, number>()
    for (const of of this.#conversations.values()) {
      const stays = of.stays.filter(stay => stay.user === user)
      if (stays.length === 0) continue
      const { read } = this.#member(of.id, user)
      const isUnread = ({ seq, from }: Said) => seq > read && from !== user && wasIn(of, user, seq)
      found.set(of.id, of.messages.filter(isUnread).length)
    }
    return found
  }

  #start(id: string, { data, position, revision }: Recorded<'ConversationStarted'>): void {
    if (this.#conversations.has(id)) return
    const { kind, name, memberLimit, delivered, retention } = data
    const of: Told = {
      ...{ id, kind, name, memberLimit, delivered, retention, position },
      deliveredFrom: revision,
      seq: revision,
      ...{ stays: [], messages: [], amendments: [], reactions: new Map(), imports: new Map() },
    }
    this.#conversations.set(id, of)
    for (const { user, role } of data.members) join(of, { revision, position, data }, user, role, null)
  }

  #mark(event: Recorded<'MessagesDelivered'> | Recorded<'MessagesRead'>): void {
    const id = idIn(event.stream)
    const receipts = this.#receipts.get(id) ?? { moves: [], marks: new Map<string, Map<string, Marks>>() }
    this.#receipts.set(id, receipts)
    const { user, device, upTo, at } = event.data
    const kind = event.type === 'MessagesRead' ? 'read' : 'delivered'
    const member = this.#member(id, user)
    const devices = receipts.marks.get(user) ?? new Map<string, Marks>()
    receipts.marks.set(user, devices)
    const marks = devices.get(device) ?? { delivered: -1, read: -1 }
    devices.set(device, marks)
    if (upTo <= marks[kind]) return
    receipts.moves.push({ user, device, kind, upTo, at, position: event.position, raises: upTo > member[kind] })
    marks.delivered = Math.max(marks.delivered, upTo)
    if (kind === 'read') marks.read = upTo
  }

  /** The highest of their devices. */
  #member(conversation: string, user: string): Marks {
    const member = { delivered: -1, read: -1 }
    for (const { delivered, read } of this.#receipts.get(conversation)?.marks.get(user)?.values() ?? []) {
      member.delivered = Math.max(member.delivered, delivered)
      member.read = Math.max(member.read, read)
    }
    return member
  }

  /** What happened after a position while somebody was in; `later`: not at their own joining. */
  #during<Row extends { position: Position }>(
    user: string,
    after: Position,
    upTo: Position,
    rowsOf: (of: Told) => readonly Row[],
    later = false,
  ): { of: Told; row: Row; position: Position }[] {
    const found: { of: Told; row: Row; position: Position }[] = []
    for (const of of this.#conversations.values()) {
      const stays = of.stays.filter(
        stay => stay.user === user && stay.joined <= upTo && (stay.left ?? Infinity) > after,
      )
      if (stays.length === 0) continue
      const rows = rowsOf(of)
      for (const { joined, left } of stays)
        for (const row of rows) {
          const { position } = row
          const isIn = later ? position > joined : position >= joined
          if (isIn && position > after && position <= upTo && position <= (left ?? Infinity))
            found.push({ of, row, position })
        }
    }
    return found
  }
}

const openStay = (of: Told, user: string) => of.stays.find(stay => stay.user === user && stay.left === null)

const wasIn = ({ stays }: Told, user: string, seq: number): boolean =>
  stays.some(stay => stay.user === user && stay.joinedSeq <= seq && seq < (stay.leftSeq ?? Infinity))

function join(
  of: Told,
  {
    revision: joinedSeq,
    position: joined,
    data: { at },
  }: Pick<Recorded<'MemberJoined'>, 'revision' | 'position'> & { data: { at: string } },
  user: string,
  role: Stay['role'],
  by: string | null,
): void {
  const present = openStay(of, user)
  if (present) present.role = role
  else
    of.stays.push({
      ...{ user, role, as: role, by, at, joinedSeq, joined },
      ...{ leftSeq: null, left: null, leftAt: '', removedBy: null },
    })
}

function amend(of: Told, event: AmendingEvent): void {
  const { data, revision } = event
  if ('messageSeq' in data) {
    const said = of.messages.find(({ seq }) => seq === data.messageSeq)
    if (said === undefined || said.seq >= revision || said.id !== data.message) return
  }
  of.amendments.push(event)
  switch (event.type) {
    case 'MemberRoleChanged': {
      const stay = openStay(of, event.data.user)
      if (stay) stay.role = event.data.role
      return
    }
    case 'ConversationRenamed':
      of.name = event.data.name
      return
    case 'RetentionChanged':
      of.retention = event.data.retention
      return
    case 'DeliveredMarksChanged':
      of.delivered = event.data.delivered
      if (of.delivered) of.deliveredFrom = revision
      return
    case 'ReactionAdded':
    case 'ReactionRemoved': {
      const { messageSeq: message, from: user, reaction } = event.data
      const key = `${message} ${user} ${reaction}`
      if (event.type === 'ReactionRemoved') of.reactions.delete(key)
      else if (!of.reactions.has(key)) of.reactions.set(key, { message, user, reaction })
    }
  }
}

const amendmentsOf = <T extends 'MessageEdited' | 'MessageRetracted' | 'DeliveryFailed'>(
  of: Told,
  seq: number,
  type: T,
) =>
  of.amendments.filter(
    (event): event is Recorded<T> & AmendingEvent =>
      event.type === type && 'messageSeq' in event.data && event.data.messageSeq === seq,
  )

const asSent = (of: Told, { imported: _, ...said }: Said): MessageRow => {
  const retracted = amendmentsOf(of, said.seq, 'MessageRetracted').length > 0
  return { conversation: of.id, ...said, content: retracted ? null : said.content }
}

/** With the latest body that this person may know of. */
function asSeen(of: Told, said: Said, user: string): MessageRow {
  const message = asSent(of, said)
  const edit = amendmentsOf(of, said.seq, 'MessageEdited').findLast(({ revision }) => wasIn(of, user, revision))
  if (message.content === null || edit === undefined) return message
  return { ...message, content: edit.data.content, editedAt: edit.data.at }
}

const inOrder = <Row extends { position: Position }>(rows: Row[], limit: number): Row[] =>
  rows.sort((one, other) => one.position - other.position).slice(0, limit)
