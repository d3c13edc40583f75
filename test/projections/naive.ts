// What the read models should answer, by the plainest means: walking through all events each time.
import { idIn, type Position, type Recorded, type RecordedEvent } from '../../src/eventstore/index.ts'
import type { Change } from '../../src/projections/index.ts'

interface Stay {
  user: string
  joinedSeq: number
  leftSeq: number | null
  joined: Position
  left: Position | null
}

/** Who was a member of a conversation when. */
export function stays(events: readonly RecordedEvent[], conversation: string): Stay[] {
  const all: Stay[] = []
  const open = (user: string) => all.find(stay => stay.user === user && stay.left === null)
  for (const event of events) {
    if (event.stream !== `conversation-${conversation}`) continue
    const join = (user: string) => {
      if (!open(user)) all.push({ user, joinedSeq: event.revision, leftSeq: null, joined: event.position, left: null })
    }
    if (event.type === 'ConversationStarted') event.data.members.forEach(({ user }) => join(user))
    if (event.type === 'MemberJoined') join(event.data.user)
    if (event.type === 'MemberLeft' || event.type === 'MemberRemoved') {
      const stay = open(event.data.user)
      if (stay) Object.assign(stay, { leftSeq: event.revision, left: event.position })
    }
  }
  return all
}

type Amendment = Recorded<'MessageEdited' | 'MessageRetracted' | 'ReactionAdded' | 'ReactionRemoved' | 'DeliveryFailed'>

/** The message that something became of, if it was said before. */
const messageOf = (events: readonly RecordedEvent[], { stream, revision, data }: Amendment) =>
  events.find(
    (event): event is Recorded<'MessageSent'> =>
      event.type === 'MessageSent' &&
      event.stream === stream &&
      event.revision === data.messageSeq &&
      event.revision < revision &&
      event.id === data.message,
  )

/** What became of a message, as somebody may know: whether it was retracted, its body, who reacted how, in order. */
export function seen(events: readonly RecordedEvent[], user: string, message: Recorded<'MessageSent'>) {
  const all = stays(events, idIn(message.stream))
  let [retracted, box] = [false, message.data.content.box]
  let reactions: { reaction: string; from: string; position: Position }[] = []
  for (const event of events) {
    if (!('data' in event) || !('messageSeq' in event.data)) continue
    const amendment = event as Amendment
    if (messageOf(events, amendment) !== message) continue
    if (amendment.type === 'MessageRetracted') retracted = true
    if (amendment.type === 'MessageEdited' && saw(all, user, event.position)) box = amendment.data.content.box
    if (amendment.type !== 'ReactionAdded' && amendment.type !== 'ReactionRemoved') continue
    const { reaction, from } = amendment.data
    const isIt = (one: { reaction: string; from: string }) => one.reaction === reaction && one.from === from
    if (amendment.type === 'ReactionRemoved') reactions = reactions.filter(one => !isIt(one))
    else if (!reactions.some(isIt)) reactions.push({ reaction, from, position: event.position })
  }
  const known = reactions.filter(({ position }) => saw(all, user, position))
  const kinds = [...new Set(known.map(({ reaction }) => reaction))]
  return {
    box: retracted ? null : box,
    reactions: kinds.map(kind => {
      const users = known.filter(({ reaction }) => reaction === kind).map(({ from }) => from)
      return { reaction: kind, count: users.length, mine: users.includes(user), users }
    }),
  }
}

/** Whether somebody was a member at an event (their own joining and leaving included). */
export const saw = (all: readonly Stay[], user: string, position: Position): boolean =>
  all.some(stay => stay.user === user && stay.joined <= position && position <= (stay.left ?? Infinity))

const conversationsIn = (events: readonly RecordedEvent[]): string[] => [
  ...new Set(events.flatMap(event => (event.type === 'ConversationStarted' ? [idIn(event.stream)] : []))),
]

export const messagesIn = (events: readonly RecordedEvent[], conversation: string) =>
  events.flatMap(event => (event.type === 'MessageSent' && idIn(event.stream) === conversation ? [event] : []))

export const visibleTo = (events: readonly RecordedEvent[], user: string, conversation: string) =>
  messagesIn(events, conversation).filter(message => saw(stays(events, conversation), user, message.position))

/** The highest mark of a member over all devices. */
export function mark(
  events: readonly RecordedEvent[],
  user: string,
  conversation: string,
  kind: 'delivered' | 'read',
): number {
  const types = kind === 'read' ? ['MessagesRead'] : ['MessagesRead', 'MessagesDelivered']
  const moves = events.flatMap(event =>
    (event.type === 'MessagesRead' || event.type === 'MessagesDelivered') &&
    types.includes(event.type) &&
    idIn(event.stream) === conversation &&
    event.data.user === user
      ? [event.data.upTo]
      : [],
  )
  return Math.max(-1, ...moves)
}

export const unread = (events: readonly RecordedEvent[], user: string, conversation: string): number =>
  visibleTo(events, user, conversation).filter(
    message => message.data.from !== user && message.revision > mark(events, user, conversation, 'read'),
  ).length

export const undelivered = (events: readonly RecordedEvent[], user: string): Position[] =>
  conversationsIn(events)
    .flatMap(conversation => {
      const { delivered, deliveredFrom } = settings(events, conversation)
      return visibleTo(events, user, conversation).filter(
        message =>
          delivered &&
          message.data.from !== user &&
          message.revision > mark(events, user, conversation, 'delivered') &&
          message.revision >= deliveredFrom &&
          !events.some(
            event => event.type === 'DeliveryFailed' && event.data.to === user && messageOf(events, event) === message,
          ),
      )
    })
    .map(message => message.position)
    .sort((one, other) => one - other)

/** What somebody may see of what happened after a position, as `what`, position and, for marks and members, whose. */
export function changes(events: readonly RecordedEvent[], user: string, after: Position, upTo: Position): string[] {
  const known = new Map(conversationsIn(events).map(conversation => [conversation, stays(events, conversation)]))
  const raised = new Map<string, number>()
  return events.flatMap(event => {
    const conversation = idIn(event.stream)
    const all = known.get(conversation)
    const seen = all && saw(all, user, event.position) && event.position > after && event.position <= upTo
    const told = (what: Change['what'], whose: string): string[] => (seen ? [`${what} ${event.position} ${whose}`] : [])
    switch (event.type) {
      case 'MessageSent':
        return told('message', event.data.from)
      case 'ConversationStarted':
        return event.data.members.some(member => member.user === user) ? told('member', user) : []
      case 'MemberJoined':
      case 'MemberLeft':
      case 'MemberRemoved':
        return all?.some(stay => [stay.joined, stay.left].includes(event.position))
          ? told('member', event.data.user)
          : []
      case 'MessagesDelivered':
      case 'MessagesRead': {
        const kinds = event.type === 'MessagesRead' ? ['read', 'delivered'] : ['delivered']
        const key = (kind: string) => `${conversation} ${event.data.user} ${kind}`
        const raises = event.data.upTo > (raised.get(key(kinds[0]!)) ?? -1)
        for (const kind of kinds) raised.set(key(kind), Math.max(raised.get(key(kind)) ?? -1, event.data.upTo))
        return raises ? told('receipt', event.data.user) : []
      }
      case 'DeliveryFailed':
      case 'MessageEdited':
      case 'MessageRetracted':
      case 'ReactionAdded':
      case 'ReactionRemoved': {
        const of = messageOf(events, event)
        if (event.type === 'DeliveryFailed' && event.data.from !== user) return []
        return of && all && saw(all, user, of.position) ? told('amendment', event.type) : []
      }
      case 'MemberRoleChanged':
      case 'ConversationRenamed':
      case 'RetentionChanged':
      case 'DeliveredMarksChanged':
        return told('amendment', event.type)
      default:
        return []
    }
  })
}

export const asTold = (change: Change): string => {
  const whose = change.what === 'amendment' ? change.type : change.what === 'message' ? change.from : change.user
  return `${change.what} ${change.position} ${whose}`
}

/** What a conversation is called, how long its messages are kept, from where on delivered marks are. */
export function settings(events: readonly RecordedEvent[], conversation: string) {
  let [name, retention, delivered, deliveredFrom]: [string | null, object, boolean, number] = [null, {}, false, 0]
  for (const event of events) {
    if (event.stream !== `conversation-${conversation}`) continue
    if (event.type === 'ConversationStarted') ({ name, retention, delivered } = event.data)
    if (event.type === 'ConversationRenamed') name = event.data.name
    if (event.type === 'RetentionChanged') retention = event.data.retention
    if (event.type === 'DeliveredMarksChanged') {
      delivered = event.data.delivered
      if (delivered) deliveredFrom = event.revision
    }
  }
  return { name, retention, delivered, deliveredFrom }
}

/** Whether the viewer may see the user's presence. */
export function sees(events: readonly RecordedEvent[], viewer: string, user: string): boolean {
  let [blocked, audience] = [false, 'everyone']
  for (const event of events) {
    if (event.type === 'PrivacyChanged' && event.data.user === user) audience = event.data.lastSeen
    if (event.type !== 'UserBlocked' && event.type !== 'UserUnblocked') continue
    if (event.data.user === user && event.data.blocked === viewer) blocked = event.type === 'UserBlocked'
  }
  const isIn = (conversation: string, who: string) =>
    stays(events, conversation).some(stay => stay.user === who && stay.left === null)
  const contacts = () => conversationsIn(events).some(id => isIn(id, viewer) && isIn(id, user))
  return viewer === user || (!blocked && (audience === 'everyone' || (audience === 'contacts' && contacts())))
}

/** The last seq of a conversation. */
export const end = (events: readonly RecordedEvent[], conversation: string): number =>
  events.filter(event => event.stream === `conversation-${conversation}`).at(-1)!.revision
