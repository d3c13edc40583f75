// What must be so in the end: held against the log, by the plainest means.
import { idIn, type Position, type Recorded, type RecordedEvent } from '../../src/eventstore/index.ts'
import { open } from '../../src/eventstore/sealing.ts'
import { isRefusal } from '../../src/domain/index.ts'
import * as naive from '../projections/naive.ts'
import { key } from './box.ts'
import { lineOf, type Asked, type Device, type Pushed } from './device.ts'
import { luckOf } from './random.ts'
import type { Cast } from './scenario.ts'

type Receipt = Recorded<'MessagesDelivered'> | Recorded<'MessagesRead'>
const isReceipt = (event: RecordedEvent): event is Receipt =>
  event.type === 'MessagesDelivered' || event.type === 'MessagesRead'

/** What one event is told as: the frame's type, and what names it. */
const frameOf: Partial<Record<RecordedEvent['type'], Pushed['type']>> = {
  ConversationStarted: 'member',
  MemberJoined: 'member',
  MemberLeft: 'member',
  MemberRemoved: 'member',
  MemberRoleChanged: 'member',
  ConversationRenamed: 'changed',
  DeliveredMarksChanged: 'changed',
  MessageSent: 'message',
  MessageEdited: 'edited',
  MessageRetracted: 'retracted',
  ReactionAdded: 'reacted',
  ReactionRemoved: 'reacted',
  DeliveryFailed: 'failed',
  MessagesDelivered: 'receipt',
  MessagesRead: 'receipt',
}

const nameOfEvent = (event: RecordedEvent): string => {
  const conversation = idIn(event.stream)
  if (event.type === 'DeliveryFailed') return `failed ${event.data.message} for ${event.data.to}`
  if (isReceipt(event))
    return `${conversation} ${event.data.user} ${event.type === 'MessagesRead' ? 'read' : 'delivered'} ${event.data.upTo}`
  return `${frameOf[event.type]} ${conversation}@${event.revision}`
}
const nameOfFrame = (frame: Pushed): string => {
  if (frame.type === 'failed') return `failed ${frame.id} for ${frame.to}`
  if (frame.type !== 'receipt') return `${frame.type} ${frame.conversation}@${frame.seq}`
  const kind = frame.read === undefined ? 'delivered' : 'read'
  return `${frame.conversation} ${frame.by} ${kind} ${frame.read ?? frame.delivered}`
}

export async function check(cast: Cast): Promise<void> {
  const { world, users, devices } = cast
  const events = world.log.events()
  checkLog(cast, events)
  checkAnswers(cast, events)
  for (const user of users) {
    const seen = seenBy(events, user)
    for (const device of devices) if (device.user === user) checkDevice(cast, device, events, seen)
    for (const [conversation, unread] of world.database.models.unread(user)) {
      const recounted = naive.unread(events, user, conversation)
      if (unread !== recounted)
        world.found(`${user}'s inbox has ${unread} unread in ${conversation}; by the log ${recounted}`)
    }
  }
  await askAgain(cast, events)
}

/** What somebody may see: of receipts, those that raise a mark, and all that were made while they were in. */
function seenBy(events: readonly RecordedEvent[], user: string) {
  const positions = new Set(naive.changes(events, user, -1, Infinity).map(line => Number(line.split(' ')[1])))
  const visible = events.filter(({ position }) => positions.has(position))
  const stays = new Map<string, ReturnType<typeof naive.stays>>()
  const staysIn = (conversation: string) => {
    const known = stays.get(conversation) ?? naive.stays(events, conversation)
    stays.set(conversation, known)
    return known
  }
  const receipts = events
    .filter(isReceipt)
    .filter(({ stream, position }) => naive.saw(staysIn(idIn(stream)), user, position))
  const byName = new Map([...receipts, ...visible].map(event => [nameOfEvent(event), event]))
  return { visible, byName }
}

const textOf = (event: Recorded<'MessageSent' | 'MessageEdited'>): string => {
  const message = event.type === 'MessageSent' ? event.id : event.data.message
  return open(event.data.content, key, idIn(event.stream), message)
}

function checkDevice(
  { world, asked }: Cast,
  device: Device,
  events: readonly RecordedEvent[],
  { visible, byName }: ReturnType<typeof seenBy>,
): void {
  const found = (what: string) => world.found(`${device.name} ${what}`)
  const own = new Set(asked.filter(one => one.device === device).map(({ id }) => id))
  const knownAt = (position: Position) =>
    device.known.some(({ from, to }, n) => from < position && (position <= to || n === device.known.length - 1))

  // what it was told was there to be seen, as it is in the log, each thing once, in order
  const told = new Set<string>()
  const before = new Set<string>()
  let inLife = new Set<string>()
  let life = 0
  const ends = new Map<string, number>()
  const marks = new Map<string, number>()
  for (const one of device.told) {
    if (one === 'reset') {
      ends.clear()
      before.clear()
      continue
    }
    const { frame } = one
    const name = nameOfFrame(frame)
    if (one.life !== life) [life, inLife] = [one.life, new Set()]
    if (inLife.has(name)) found(`was told ${lineOf(frame)} twice`)
    const again = before.has(name)
    if (again && frame.type !== 'message' && frame.type !== 'receipt')
      found(`was told ${lineOf(frame)} again after its app was started again`)
    inLife.add(name)
    before.add(name)
    told.add(name)
    const event = byName.get(name)
    if (event === undefined) {
      found(`was told ${lineOf(frame)}, which it may not see or is not so`)
      continue
    }
    const wrong = whatIsWrong(frame, event, events)
    if (wrong)
      found(`was told ${lineOf(frame)} with another ${wrong}: ${JSON.stringify(frame)} for ${JSON.stringify(event)}`)
    if (frame.type === 'receipt') {
      for (const kind of ['delivered', 'read'] as const)
        if (frame[kind] !== undefined) raise(marks, `${frame.conversation} ${frame.by} ${kind}`, frame[kind])
      if (frame.read !== undefined) raise(marks, `${frame.conversation} ${frame.by} delivered`, frame.read)
      // what it said itself, and has had no answer to, it may be told as what was missing
    } else if (frame.type !== 'failed' && !again && !('id' in frame && own.has(frame.id))) {
      const end = ends.get(frame.conversation) ?? -1
      if (frame.seq <= end) found(`was told ${lineOf(frame)} after ${end}`)
      ends.set(frame.conversation, frame.seq)
    }
  }

  // what there was to be seen, it was told
  for (const event of visible) {
    if (!knownAt(event.position)) continue
    if (isReceipt(event)) {
      if (event.data.user === device.user && device.name.endsWith(`/${event.data.device}`)) continue
      for (const kind of event.type === 'MessagesRead' ? ['read', 'delivered'] : ['delivered']) {
        const mark = marks.get(`${idIn(event.stream)} ${event.data.user} ${kind}`) ?? -1
        if (mark < event.data.upTo)
          found(
            `was not told that ${event.data.user} has ${kind} ${idIn(event.stream)} up to ${event.data.upTo} (${mark})`,
          )
      }
    } else if (!told.has(nameOfEvent(event)) && !own.has(event.id))
      found(`was not told ${nameOfEvent(event)} (${event.type} of position ${event.position})`)
  }

  checkBodies(device, events, visible, own, found)
}

/** What it has of each message, all that it was told taken together, is what it reads like. */
function checkBodies(
  device: Device,
  events: readonly RecordedEvent[],
  visible: readonly RecordedEvent[],
  own: ReadonlySet<string>,
  found: (what: string) => void,
): void {
  const bodies = new Map<string, { text: string | null; seq: number }>()
  for (const one of device.told) {
    if (one === 'reset') continue
    const { frame } = one
    if (frame.type === 'message') {
      if (!bodies.has(frame.id))
        bodies.set(frame.id, { text: frame.body ? JSON.stringify(frame.body) : null, seq: frame.seq })
    } else if (frame.type === 'edited' || frame.type === 'retracted') {
      const text = frame.type === 'edited' && frame.body ? JSON.stringify(frame.body) : null
      if (bodies.has(frame.message)) bodies.set(frame.message, { text, seq: frame.seq })
    }
  }
  for (const message of visible) {
    if (message.type !== 'MessageSent' || !bodies.has(message.id)) continue
    const amendments = events.filter(event => 'message' in event.data && event.data.message === message.id)
    if (amendments.some(({ id }) => own.has(id))) continue
    const { box } = naive.seen(events, device.user, message)
    const { text } = bodies.get(message.id)!
    const edit = amendments.find(event => event.type === 'MessageEdited' && event.data.content.box === box)
    const should = box === null ? null : textOf((edit ?? message) as Recorded<'MessageSent'>)
    if (text === should) continue
    const retraction = amendments.find(({ type }) => type === 'MessageRetracted')
    if (retraction && !visible.includes(retraction)) continue // it could not be told of it
    found(`has ${text} for the message ${message.id}, which reads ${should}`)
  }
}

function whatIsWrong(frame: Pushed, event: RecordedEvent, events: readonly RecordedEvent[]): string | undefined {
  const { data } = event as { data: Record<string, unknown> }
  switch (frame.type) {
    case 'message': {
      if (frame.id !== event.id) return 'id'
      if (frame.from !== data['from']) return 'from'
      const became = events.filter(one => 'message' in one.data && one.data.message === event.id)
      if (frame.body === null) return became.some(({ type }) => type === 'MessageRetracted') ? undefined : 'body'
      const all = [event, ...became].filter(one => one.type === 'MessageSent' || one.type === 'MessageEdited')
      return all.some(one => textOf(one) === JSON.stringify(frame.body)) ? undefined : 'body'
    }
    case 'edited':
      if (frame.message !== data['message']) return 'message'
      return textOf(event as Recorded<'MessageEdited'>) === JSON.stringify(frame.body) ? undefined : 'body'
    case 'retracted':
      return frame.message === data['message'] ? undefined : 'message'
    case 'reacted':
      if (frame.message !== data['message'] || frame.from !== data['from']) return 'message'
      return frame.reaction === data['reaction'] && frame.on === (event.type === 'ReactionAdded')
        ? undefined
        : 'reaction'
    case 'member':
      return event.type === 'ConversationStarted' || frame.user === data['user'] ? undefined : 'user'
    default:
      return undefined
  }
}

function raise(marks: Map<string, number>, key: string, to: number): void {
  marks.set(key, Math.max(marks.get(key) ?? -1, to))
}

/** Every id once; who says something is in; marks end where the conversation ended then. */
function checkLog({ world, asked }: Cast, events: readonly RecordedEvent[]): void {
  const ids = new Set(asked.map(({ id }) => id))
  const seen = new Set<string>()
  const ends = new Map<string, number>()
  const inside = new Map<string, Set<string>>()
  const retracted = new Set<string>()
  const reactions = new Set<string>()
  for (const event of events) {
    const { id, stream, type, data } = event
    const wrong = (what: string) => world.found(`the log has ${stream}@${event.revision} ${type} ${id}, ${what}`)
    const conversation = idIn(stream)
    if (ids.has(id) && seen.has(id)) wrong('and the same id before')
    seen.add(id)
    const members = inside.get(conversation) ?? new Set<string>()
    inside.set(conversation, members)
    if (stream.startsWith('conversation-')) ends.set(conversation, event.revision)
    if (type === 'ConversationStarted') for (const { user } of data.members) members.add(user)
    if (type === 'MemberJoined') {
      if (members.has(data.user)) wrong('who is in already')
      members.add(data.user)
    }
    if (type === 'MemberLeft' || type === 'MemberRemoved') {
      if (!members.delete(data.user)) wrong('who is not in')
    }
    if ('from' in data && type !== 'DeliveryFailed' && !members.has(data.from)) wrong('by who is not in')
    if (type === 'MessageRetracted') {
      if (retracted.has(data.message)) wrong('and it was retracted before')
      retracted.add(data.message)
    }
    if (type === 'MessageEdited' && retracted.has(data.message)) wrong('which was retracted before')
    if (type === 'ReactionAdded' || type === 'ReactionRemoved') {
      const name = `${data.message} ${data.from} ${data.reaction}`
      if (reactions.has(name) === (type === 'ReactionAdded')) wrong('and so it was already')
      if (type === 'ReactionAdded') reactions.add(name)
      else reactions.delete(name)
    }
    if (isReceipt(event) && event.data.upTo > (ends.get(conversation) ?? -1)) wrong('beyond the end')
  }
}

/** Who was answered has it in the log where the answer says; who was refused has not; and all are answered the same. */
function checkAnswers({ world, asked }: Cast, events: readonly RecordedEvent[]): void {
  const byId = new Map(events.map(event => [event.id, event]))
  for (const { id, what, device, outcome } of asked) {
    if (typeof outcome !== 'object') continue
    const event = byId.get(id)
    const one = `${what} ${id} of ${device.name}`
    if (!('seq' in outcome)) {
      const others = asked.filter(other => other.id === id)
      // a refusal is not remembered: a copy of what was asked that was still on its way is decided on what is so when it comes
      const isInAgain = events.some(
        ({ stream, type, data, position }) =>
          type === 'MemberJoined' && data.user === device.user && stream === event?.stream && position < event.position,
      )
      if (event && others.length === 1 && !isInAgain)
        world.found(`${one} was refused (${outcome.code}), and is in the log`)
      continue
    }
    if (event === undefined) {
      if (what === 'send' || what === 'edit') world.found(`${one} was answered, and is not in the log`)
      continue
    }
    const { revision, position } = event
    // what was so already when it was asked first leaves no event; asked again at another box, after it was undone, it happens
    if (what === 'react' && outcome.seq !== revision) continue
    const is = { conversation: idIn(event.stream), seq: revision, position: String(position) }
    for (const part of ['conversation', 'seq', 'position'] as const)
      if (outcome[part] !== is[part])
        world.found(`${one} was answered with ${part} ${outcome[part]}, and it is ${is[part]}`)
  }
}

/** Asked again, at any box, it is answered as it was. */
async function askAgain({ world, asked }: Cast, events: readonly RecordedEvent[]): Promise<void> {
  const luck = luckOf(world.seed, 'asking again')
  const inLog = new Set(events.map(({ id }) => id))
  const answered = asked.filter(
    ({ id, what, outcome }) => what === 'send' && inLog.has(id) && typeof outcome === 'object' && 'seq' in outcome,
  )
  const ask = async ({ id, device, outcome }: Asked): Promise<void> => {
    if (typeof outcome !== 'object' || !('seq' in outcome)) return
    const { commands, name } = luck.pick(world.boxes)
    const asker = { actor: { user: device.user, device: 'other', session: null }, origin: 'user' as const }
    const { conversation, seq, position } = outcome
    const again = await commands.sendMessage(asker, { id, to: { conversation }, body: '{}' })
    if (isRefusal(again)) return world.found(`${id}, asked again at ${name}, is refused: ${again.refused}`)
    if (again.seq !== seq || String(again.position) !== position)
      world.found(
        `${id}, asked again at ${name}, is answered with ${again.seq} at ${again.position}, not ${seq} at ${position}`,
      )
  }
  let done = false
  const some = Array.from({ length: Math.min(3, answered.length) }, () => luck.pick(answered))
  void Promise.all(some.map(ask)).then(() => (done = true))
  if (!(await world.scheduler.runUntil(() => done, 60_000))) world.found('what was asked again was not answered')
}
