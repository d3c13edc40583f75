// Inboxes counted from the log alone, by the plainest means: who was in which conversation when, what was said meanwhile by
// others, and how far they have read. It shares nothing with the read models, so that what it says can be held against them.
import { idIn, type Position, type RecordedEvent } from '../eventstore/index.ts'

export interface RecountedLine {
  readonly conversation: string
  readonly unread: number
  /** Of its newest message that this person may see, or of their joining, whichever is later: inboxes are in this order. */
  readonly last: Position
}

interface Stay {
  readonly from: number
  readonly joined: Position
  /** Its seq is not in it any more. */
  until: number
}

class Conversation {
  readonly stays = new Map<string, Stay[]>()
  readonly seqs: number[] = []
  readonly positions: Position[] = []
  readonly own = new Map<string, number[]>()

  join(user: string, from: number, joined: Position): void {
    const stays = this.stays.get(user) ?? []
    this.stays.set(user, stays)
    if (stays.at(-1)?.until !== Infinity) stays.push({ from, joined, until: Infinity })
  }

  leave(user: string, until: number): void {
    const stay = this.stays.get(user)?.at(-1)
    if (stay?.until === Infinity) stay.until = until
  }

  say(user: string, seq: number, position: Position): void {
    this.seqs.push(seq)
    this.positions.push(position)
    const own = this.own.get(user)
    if (own) own.push(seq)
    else this.own.set(user, [seq])
  }

  lineOf(user: string, read: number): Omit<RecountedLine, 'conversation'> | undefined {
    const stays = this.stays.get(user)
    if (!stays) return undefined
    let [unread, last] = [0, -1]
    for (const { from, joined, until } of stays) {
      const [first, end] = [Math.max(from, read + 1), until]
      if (first < end) unread += between(this.seqs, first, end) - between(this.own.get(user) ?? [], first, end)
      const newest = before(this.seqs, until) - 1
      if (newest >= 0 && this.seqs[newest]! >= from) last = Math.max(last, this.positions[newest]!)
      last = Math.max(last, joined)
    }
    return { unread, last }
  }
}

/** How many of these, which rise, are less. */
function before(seqs: readonly number[], seq: number): number {
  let [low, high] = [0, seqs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (seqs[middle]! < seq) low = middle + 1
    else high = middle
  }
  return low
}

const between = (seqs: readonly number[], from: number, to: number): number => before(seqs, to) - before(seqs, from)

export class Recount {
  events = 0
  readonly #conversations = new Map<string, Conversation>()
  /** By conversation and person, over all their devices. */
  readonly #read = new Map<string, number>()
  readonly #in = new Map<string, Set<string>>()

  get conversations(): number {
    return this.#conversations.size
  }

  get users(): readonly string[] {
    return [...this.#in.keys()]
  }

  take(event: RecordedEvent): void {
    this.events++
    const id = idIn(event.stream)
    if (event.type === 'MessagesRead') {
      const key = `${id}\n${event.data.user}`
      this.#read.set(key, Math.max(this.#read.get(key) ?? -1, event.data.upTo))
      return
    }
    if (event.type === 'ConversationStarted' && !this.#conversations.has(id))
      this.#conversations.set(id, new Conversation())
    const conversation = this.#conversations.get(id)
    if (!conversation) return // what has not begun has nobody in it
    const { revision, position } = event
    const join = (user: string) => {
      conversation.join(user, revision, position)
      const all = this.#in.get(user) ?? new Set()
      this.#in.set(user, all.add(id))
    }
    if (event.type === 'ConversationStarted') for (const { user } of event.data.members) join(user)
    if (event.type === 'MemberJoined') join(event.data.user)
    if (event.type === 'MemberLeft' || event.type === 'MemberRemoved') conversation.leave(event.data.user, revision)
    if (event.type === 'MessageSent') conversation.say(event.data.from, revision, position)
  }

  /** In the order of an inbox. */
  inboxOf(user: string): readonly RecountedLine[] {
    const lines = [...(this.#in.get(user) ?? [])].flatMap(id => {
      const line = this.#conversations.get(id)!.lineOf(user, this.#read.get(`${id}\n${user}`) ?? -1)
      return line ? [{ conversation: id, ...line }] : []
    })
    return lines.sort((one, other) => other.last - one.last)
  }
}
